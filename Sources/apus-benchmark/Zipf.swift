internal import Glibc

/// Draws ranks 1…`count` with a probability proportional to rank⁻ᵉˣᵖᵒⁿᵉⁿᵗ.
///
/// Rejection-inversion: a draw inverts the integral of the hat x⁻ᵉˣᵖᵒⁿᵉⁿᵗ, rounds to the nearest
/// rank, and is repeated if it fell between the hat and the steps. It needs no table, and fewer
/// than two draws on average for any count and any positive exponent, including 1.
///
/// Source: W. Hörmann, G. Derflinger, “Rejection-inversion to generate variates from monotone
/// discrete distributions”, ACM TOMACS 6 (1996).
struct Zipf {
    let count: UInt64
    let exponent: Double

    private let integralAtFirst: Double
    private let integralAtLast: Double
    /// A draw this close below its rank is accepted without checking the steps.
    private let shortcut: Double

    /// Precondition: both are positive.
    init(count: UInt64, exponent: Double) {
        precondition(count > 0, "a Zipf distribution needs a rank")
        precondition(exponent > 0, "a Zipf distribution falls")
        self.count = count
        self.exponent = exponent
        integralAtFirst = Self.integral(1.5, exponent) - 1
        integralAtLast = Self.integral(Double(count) + 0.5, exponent)
        let second = Self.integral(2.5, exponent) - Self.hat(2, exponent)
        shortcut = 2 - Self.inverse(second, exponent)
    }

    /// The next rank.
    func draw(_ random: inout some RandomNumberGenerator) -> UInt64 {
        while true {
            let unit = Double(random.next() >> 11) * 0x1p-53
            let area = integralAtLast + unit * (integralAtFirst - integralAtLast)
            let point = Self.inverse(area, exponent)
            let rank = min(max((point + 0.5).rounded(.down), 1), Double(count))
            if rank - point <= shortcut { return UInt64(rank) }
            if area >= Self.integral(rank + 0.5, exponent) - Self.hat(rank, exponent) {
                return UInt64(rank)
            }
        }
    }

    private static func hat(_ point: Double, _ exponent: Double) -> Double {
        exp(-exponent * log(point))
    }

    /// The integral of the hat from 1 to `point`, exact near exponent 1 too.
    private static func integral(_ point: Double, _ exponent: Double) -> Double {
        let logarithm = log(point)
        let scaled = (1 - exponent) * logarithm
        return (abs(scaled) > 1e-8 ? expm1(scaled) / scaled : 1 + scaled / 2) * logarithm
    }

    private static func inverse(_ area: Double, _ exponent: Double) -> Double {
        // Rounding may push the product below the logarithm's pole.
        let scaled = max(area * (1 - exponent), -1)
        return exp((abs(scaled) > 1e-8 ? log1p(scaled) / scaled : 1 - scaled / 2) * area)
    }
}
