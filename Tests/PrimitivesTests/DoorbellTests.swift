import Primitives
import Testing

@Suite struct DoorbellTests {
    @Test func `every ring ends one wait`() async {
        let (there, back) = (Doorbell(), Doorbell())
        let answers = Task.detached {
            for _ in 0..<1000 {
                there.wait()
                back.ring()
            }
            return 1000
        }
        for _ in 0..<1000 { there.ring() }
        for _ in 0..<1000 { back.wait() }
        #expect(await answers.value == 1000)
    }
}
