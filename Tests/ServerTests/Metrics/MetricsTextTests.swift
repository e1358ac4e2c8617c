import Testing

@testable import Server

@Suite struct MetricsTextTests {
    @Test func `families have help, type and samples`() {
        var text = ""
        let metric = Metric("x_total", .counter, "One\ntwo \\ \"three\".") { _ in [] }
        MetricsText.append(metric, [], to: &text)
        #expect(text.isEmpty)
        let samples = [
            MetricSample(.integer(-1)),
            MetricSample(.real(0.25), MetricLabel("a", "\"\\\n"), MetricLabel("b", "c")),
        ]
        MetricsText.append(metric, samples, to: &text)
        let wanted = """
            # HELP x_total One\\ntwo \\\\ "three".
            # TYPE x_total counter
            x_total -1
            x_total{a="\\"\\\\\\n",b="c"} 0.25

            """
        #expect(text == wanted)
    }

    @Test func `numbers are written as Prometheus reads them`() {
        let values: [MetricValue] = [
            .count(.max), .integer(.min), .real(.infinity), .real(-.infinity), .real(.nan),
            .real(1.5), .seconds(1_500_000_000),
        ]
        let wanted = ["18446744073709551615", "-9223372036854775808", "+Inf", "-Inf", "NaN"]
        #expect(values.map(\.text) == wanted + ["1.5", "1.5"])
    }
}
