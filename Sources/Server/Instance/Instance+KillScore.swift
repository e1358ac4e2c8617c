internal import System

/// How readily the kernel kills this process when memory is out: `oom-score-adj`.
extension Instance {
    private static let killScorePath = "/proc/self/oom_score_adj"

    /// Adjusts the score as `configuration` says; back to what it was where that no longer says so.
    ///
    /// Throws: the kernel forbids it, as it does without privileges where a score gets lower.
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

    /// What the score is at the moment.
    static var killScore: Int {
        OwnProcess.signedNumber(in: killScorePath) ?? 0
    }
}
