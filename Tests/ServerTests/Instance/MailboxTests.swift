import Glibc
import Synchronization
import System
import Testing

@testable import Server

@Suite struct MailboxTests {
    private static func isSignalled(_ wakeUp: WakeUp) throws -> Bool {
        let poll = try EventPoll()
        try poll.add(wakeUp.descriptor, .read)
        return poll.wait(0) == 1
    }

    private static func sessions(_ mailbox: Mailbox) -> [UInt64] {
        mailbox.take().map { message in
            if case .answer(let session) = message { session } else { 0 }
        }
    }

    @Test func `mail for a busy owner sends no signal and arrives in order`() throws {
        let wakeUp = try WakeUp()
        let mailbox = Mailbox(wakeUp)
        #expect(mailbox.isEmpty)
        for number in 1...100 { mailbox.put(.answer(session: UInt64(number))) }
        #expect(try !Self.isSignalled(wakeUp) && !mailbox.isEmpty)
        #expect(Self.sessions(mailbox) == Array(1...100))
        #expect(mailbox.isEmpty && mailbox.take().isEmpty)
    }

    @Test func `a sleeping owner is signalled once, and does not sleep over mail`() throws {
        let wakeUp = try WakeUp()
        let mailbox = Mailbox(wakeUp)
        #expect(mailbox.prepareToSleep())
        mailbox.put(.answer(session: 1))
        #expect(try Self.isSignalled(wakeUp))
        wakeUp.clear()
        mailbox.put(.answer(session: 2))
        #expect(try !Self.isSignalled(wakeUp))
        mailbox.wokeUp()
        #expect(!mailbox.prepareToSleep())
        #expect(Self.sessions(mailbox) == [1, 2])
        #expect(mailbox.prepareToSleep())
        mailbox.wake()
        #expect(try Self.isSignalled(wakeUp))
    }

    @Test func `messages among four threads are not lost and stay in order per sender`()
        throws
    {
        let count: UInt64 = 50_000
        let boxes = try (0..<4).map { _ in
            let wakeUp = try WakeUp()
            return (mailbox: Mailbox(wakeUp), wakeUp: wakeUp)
        }
        let faults = Atomic<Int>(0)
        let finished = Atomic<Int>(0)
        let threads = boxes.indices.map { own in
            Thread {
                guard let poll = try? EventPoll() else { return }
                let (mailbox, wakeUp) = boxes[own]
                try? poll.add(wakeUp.descriptor, .read)
                var received = [UInt64](repeating: 0, count: 4)
                var sent: UInt64 = 0
                while sent < count || received.reduce(0, +) < count * 3 {
                    for _ in 0..<64 where sent < count {
                        sent += 1
                        for other in boxes.indices where other != own {
                            boxes[other].mailbox.put(.answer(session: UInt64(own) << 32 | sent))
                        }
                    }
                    for number in Self.sessions(mailbox) {
                        let sender = Int(number >> 32)
                        received[sender] += 1
                        if number & 0xFFFF_FFFF != received[sender] {
                            faults.add(1, ordering: .relaxed)
                        }
                    }
                    guard sent == count, received.reduce(0, +) < count * 3 else { continue }
                    if mailbox.prepareToSleep(), poll.wait(10_000) == 0 {
                        faults.add(1, ordering: .relaxed)
                        return
                    }
                    mailbox.wokeUp()
                    wakeUp.clear()
                }
                finished.add(1, ordering: .relaxed)
            }
        }
        for thread in threads { thread.join() }
        #expect(faults.load(ordering: .relaxed) == 0)
        #expect(finished.load(ordering: .relaxed) == 4)
    }
}
