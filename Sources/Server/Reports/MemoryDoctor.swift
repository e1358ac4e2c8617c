/// The report of MEMORY DOCTOR about memory that is used poorly.
struct MemoryDoctor {
    /// With less memory in use, there is no reason for advice.
    private static let usedMin = 5 << 20
    /// Less waste is not worth mentioning.
    private static let wastedMin = 10 << 20
    private static let clientBytesMax = 200 << 10

    /// The report.
    let text: String

    /// Analyses memory use.
    init(_ memory: MemoryUse) {
        guard memory.used >= MemoryDoctor.usedMin else {
            text = """
                Hi Sam, this instance is empty or is using very little memory, my issues detector \
                can't be used in these conditions. Please, leave for your mission on Earth and \
                fill it with some data. The new Sam and I will be back to our programming as soon \
                as I finished rebooting.

                """
            return
        }
        let findings = MemoryDoctor.findings(memory)
        guard !findings.isEmpty else {
            text = """
                Hi Sam, I can't find any memory issue in your instance. I can only account for \
                what occurs on this base.

                """
            return
        }
        text =
            "Sam, I detected a few issues in this Redis instance memory implants:\n\n"
            + findings.map { " * \($0)\n\n" }.joined()
            + "I'm here to keep you safe, Sam. I want to help you.\n"
    }

    private static func findings(_ memory: MemoryUse) -> [String] {
        var findings: [String] = []
        if MemoryUse.ratio(memory.peak, of: memory.used) > 1.5 {
            findings.append(
                """
                Peak memory: In the past, this instance used more than 1.5 times the memory that \
                it is using now. Empty pages have been returned to the system, except for a few \
                that MEMORY PURGE returns; partly filled pages stay until their last value goes.
                """
            )
        }
        if MemoryUse.ratio(memory.pages, of: memory.data) > 1.4,
            memory.pages - memory.data > wastedMin
        {
            findings.append(
                """
                High fragmentation: The pages that hold keys and values are more than 1.4 times as \
                large as these, as many values were removed or changed their sizes. New values of \
                similar sizes will fill the gaps. MEMORY MALLOC-STATS shows the sizes concerned.
                """
            )
        }
        if MemoryUse.ratio(memory.resident, of: memory.used) > 1.4,
            memory.resident - memory.used > wastedMin
        {
            findings.append(
                """
                High total RSS: The process uses more than 1.4 times the memory that its keys, \
                values and clients need. This is harmless after a peak, or after large requests \
                and replies; MEMORY PURGE returns unused memory to the system.
                """
            )
        }
        if memory.clientCount > 0, memory.clients / memory.clientCount > clientBytesMax {
            findings.append(
                """
                Big client buffers: The clients' buffers use more than 200 kilobytes each on \
                average. Clients that read slowly, or send large requests piecemeal, may be the \
                reason: CLIENT LIST shows which. See client-output-buffer-limit and \
                client-query-buffer-limit.
                """
            )
        }
        return findings
    }
}
