import Testing

@testable import Commands
@testable import Server

@Suite struct BulletinTests {
    @Test func `the bulletin is the union of what its authors posted`() {
        let bulletin = Bulletin()
        #expect(bulletin.word == 0)
        bulletin.post(Bulletin.Notice(alerts: .memory), by: .pause)
        bulletin.post(Bulletin.Notice(wants: [.log, .notify]), by: .journal)
        let notice = Bulletin.notice(bulletin.word)
        #expect(notice.alerts == .memory && notice.wants == [.log, .notify])
        bulletin.post(Bulletin.Notice(wants: .log), by: .journal)
        #expect(Bulletin.notice(bulletin.word).wants == .log)
        for author in Bulletin.Author.allCases { bulletin.post(Bulletin.Notice(), by: author) }
        #expect(bulletin.word == 0)
    }
}
