internal import System

/// `oom-score-adj`: how likely the kernel is to kill this process when memory runs out.
extension Instance {
    private static let killScorePath = "/proc/self/oom_score_adj"

    /// Adjusts the score as configured, or restores the initial one.
    ///
    /// Throws: the kernel does not permit it; lowering the score requires privileges.
    func adjustKillScore(_ configuration: Configuration) throws(DirectiveRefusal) {
        guard case .integers(let values) = configuration.value("oom-score-adj-values"),
            let value = values.first
        else { return }
        let score: Int64
        switch configuration.value("oom-score-adj").text {
        case "absolute": score = value
        case "yes", "relative": score = Int64(killScoreAtStart) + value
        default:
            guard adjustsKillScore else { return }
            score = Int64(killScoreAtStart)
        }
        do throws(SystemError) {
            try OwnProcess.write("\(min(max(score, -1000), 1000))\n", to: Instance.killScorePath)
            adjustsKillScore = true
        } catch {
            log(.warning, "Unable to write oom_score_adj: \(error.reason)")
            throw DirectiveRefusal(
                "Failed to apply new oom_score_adj configuration, check server logs."
            )
        }
    }

    /// The current score adjustment.
    static var killScore: Int {
        OwnProcess.signedNumber(in: killScorePath) ?? 0
    }
}
