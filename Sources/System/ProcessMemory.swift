internal import CSupport
internal import Glibc

/// What the process takes of memory, and what the machine has.
public enum ProcessMemory {
    /// The bytes that are resident.
    public static var residentBytes: Int {
        let descriptor = unsafe apus_open("/proc/self/statm", O_RDONLY, 0)
        guard descriptor >= 0 else { return 0 }
        defer { close(descriptor) }
        var text = [UInt8](repeating: 0, count: 128)
        // SAFETY: reads at most as many bytes as there are.
        let count = unsafe read(descriptor, &text, text.count)
        guard count > 0 else { return 0 }
        let fields = text[..<count].split(separator: 0x20)
        guard fields.count > 1 else { return 0 }
        let pages = fields[1].reduce(0) { $0 * 10 + Int($1 & 15) }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The bytes of memory that the machine has.
    public static var systemBytes: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    }
}

/// What the program was built for.
public enum Platform {
    /// The processor's name as `uname -m` gives it.
    public static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #else
            "aarch64"
        #endif
    }
}

extension Platform {
    /// The kernel's release, as `uname -r` gives it.
    public static var kernelRelease: String {
        var names = utsname()
        // SAFETY: the call fills the structure that it is given with C strings.
        _ = unsafe uname(&names)
        return unsafe withUnsafePointer(to: &names.release) {
            unsafe $0.withMemoryRebound(to: CChar.self, capacity: 65) { unsafe String(cString: $0) }
        }
    }
}

/// Processor time used so far, in microseconds.
public struct ProcessorTime: Sendable {
    /// In the kernel.
    public let system: Int64
    /// In programs.
    public let user: Int64

    /// Of this process.
    public static var ownProcess: ProcessorTime { ProcessorTime(RUSAGE_SELF) }
    /// Of processes that it started and that have ended.
    public static var children: ProcessorTime { ProcessorTime(RUSAGE_CHILDREN) }

    private init(_ whose: __rusage_who) {
        var usage = rusage()
        // SAFETY: the call fills the structure that it is given.
        unsafe _ = getrusage(__rusage_who_t(whose.rawValue), &usage)
        system = Int64(usage.ru_stime.tv_sec) * 1_000_000 + Int64(usage.ru_stime.tv_usec)
        user = Int64(usage.ru_utime.tv_sec) * 1_000_000 + Int64(usage.ru_utime.tv_usec)
    }
}
