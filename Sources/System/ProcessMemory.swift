internal import CSupport
internal import Glibc

/// What the process takes of memory, and what the machine has.
public enum ProcessMemory {
    /// The bytes that are resident.
    public static var residentBytes: Int {
        let fields = OwnProcess.text(of: "/proc/self/statm", byteCountMax: 128)
            .split(separator: UInt8(ascii: " "))
        guard fields.count > 1 else { return 0 }
        let pages = fields[1].reduce(0) { $0 * 10 + Int($1 & 15) }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The bytes of addresses that the process may have (`ulimit -v`); nil when there is no limit.
    public static var addressBytesMax: Int? {
        var limit = rlimit()
        // SAFETY: the call fills the structure that it is given.
        let result = unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        guard result == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
        return Int(limit.rlim_cur)
    }

    /// Whether the system promises no more memory than it has (vm.overcommit_memory is 2).
    public static var promisesStrictly: Bool {
        OwnProcess.text(of: "/proc/sys/vm/overcommit_memory", byteCountMax: 8).first
            == UInt8(ascii: "2")
    }

    /// The bytes of swap space that the machine has.
    public static var swapBytes: Int {
        let lines = OwnProcess.text(of: "/proc/meminfo", byteCountMax: 4096)
            .split(separator: UInt8(ascii: "\n"))
        guard let line = lines.first(where: { $0.starts(with: "SwapTotal:".utf8) }) else {
            return 0
        }
        let digits = line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.reduce(0) { $0 * 10 + Int($1 & 15) } << 10
    }

    /// Has the allocator keep little of what is freed.
    ///
    /// To be called before threads are started.
    public static func tuneAllocator() { apus_tune_allocator() }

    /// Gives the system back what the allocator holds free.
    ///
    /// Other threads' allocations may wait meanwhile. Complexity: O(free bytes).
    public static func giveBack() { apus_give_back() }

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

    /// Of the thread that the process began with, to a hundredth of a second.
    public static var mainThread: ProcessorTime {
        let number = getpid()
        let line = OwnProcess.text(of: "/proc/self/task/\(number)/stat", byteCountMax: 1024)
        // The name of the thread, which may hold spaces, stands in brackets before them.
        let start = line.lastIndex(of: UInt8(ascii: ")")) ?? line.startIndex
        let fields = line[start...].split(separator: UInt8(ascii: " ")).dropFirst()
        guard fields.count > 12 else { return ProcessorTime(system: 0, user: 0) }
        let each = 1_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK)))
        func microseconds(_ field: Int) -> Int64 {
            fields[fields.startIndex + field].reduce(0) { $0 * 10 + Int64($1 & 15) } * each
        }
        return ProcessorTime(system: microseconds(12), user: microseconds(11))
    }

    private init(system: Int64, user: Int64) {
        self.system = system
        self.user = user
    }

    private init(_ whose: __rusage_who) {
        var usage = rusage()
        // SAFETY: the call fills the structure that it is given.
        unsafe _ = getrusage(__rusage_who_t(whose.rawValue), &usage)
        system = Int64(usage.ru_stime.tv_sec) * 1_000_000 + Int64(usage.ru_stime.tv_usec)
        user = Int64(usage.ru_utime.tv_sec) * 1_000_000 + Int64(usage.ru_utime.tv_usec)
    }
}
