/// The two ends of a transfer, and how far it is.
struct Transfer {
    let options: Options
    let checkpoint: Checkpoint
    let table: HstoreTable
    let server: HashServer

    /// Connects to PostgreSQL and to Apus.
    init(_ options: Options) throws(Failure) {
        self.options = options
        checkpoint = Checkpoint(options)
        table = try HstoreTable(options)
        server = try HashServer.connect(options)
    }
}
