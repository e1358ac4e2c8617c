internal import CSupport
internal import Glibc

/// The memory of the process and of the machine.
public enum ProcessMemory {
    /// The resident memory in bytes.
    public static var residentBytes: Int {
        let fields = OwnProcess.text(of: "/proc/self/statm", byteCountMax: 128)
            .split(separator: UInt8(ascii: " "))
        guard fields.count > 1 else { return 0 }
        let pages = fields[1].reduce(0) { $0 * 10 + Int($1 & 15) }
        return pages * sysconf(Int32(_SC_PAGESIZE))
    }

    /// The maximum address space in bytes (`ulimit -v`); nil if there is no limit.
    public static var addressBytesMax: Int? {
        var limit = rlimit()
        // SAFETY: the call fills the given structure.
        let result = unsafe getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
        guard result == 0, limit.rlim_cur < rlim_t(Int.max) else { return nil }
        return Int(limit.rlim_cur)
    }

    /// Whether the system commits no more memory than it has (vm.overcommit_memory is 2).
    public static var promisesStrictly: Bool {
        OwnProcess.text(of: "/proc/sys/vm/overcommit_memory", byteCountMax: 8).first
            == UInt8(ascii: "2")
    }

    /// The machine's swap space in bytes.
    public static var swapBytes: Int {
        let lines = OwnProcess.text(of: "/proc/meminfo", byteCountMax: 4096)
            .split(separator: UInt8(ascii: "\n"))
        guard let line = lines.first(where: { $0.starts(with: "SwapTotal:".utf8) }) else {
            return 0
        }
        let digits = line.filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return digits.reduce(0) { $0 * 10 + Int($1 & 15) } << 10
    }

    /// Makes the allocator keep little of the memory that is freed.
    ///
    /// Call this before any thread is started.
    public static func tuneAllocator() { apus_tune_allocator() }

    /// Returns the allocator's free memory to the system.
    ///
    /// Other threads' allocations may have to wait.
    ///
    /// Complexity: O(free bytes).
    public static func giveBack() { apus_give_back() }

    /// The machine's memory in bytes.
    public static var systemBytes: Int {
        sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
    }
}

/// The platform that the program was built for.
public enum Platform {
    /// The processor architecture, as reported by `uname -m`.
    public static var architecture: String {
        #if arch(x86_64)
            "x86_64"
        #else
            "aarch64"
        #endif
    }
}

extension Platform {
    /// The kernel release, as reported by `uname -r`.
    public static var kernelRelease: String {
        var names = utsname()
        // SAFETY: the call fills the given structure with C strings.
        _ = unsafe uname(&names)
        return unsafe withUnsafePointer(to: &names.release) {
            unsafe $0.withMemoryRebound(to: CChar.self, capacity: 65) { unsafe String(cString: $0) }
        }
    }
}

/// CPU time used so far, in microseconds.
public struct ProcessorTime: Sendable {
    /// The time in the kernel.
    public let system: Int64
    /// The time in user mode.
    public let user: Int64

    /// The CPU time of this process.
    public static var ownProcess: ProcessorTime { ProcessorTime(RUSAGE_SELF) }
    /// The CPU time of its child processes that have ended.
    public static var children: ProcessorTime { ProcessorTime(RUSAGE_CHILDREN) }

    /// The CPU time of the process' main thread, to a hundredth of a second.
    public static var mainThread: ProcessorTime {
        let number = getpid()
        let line = OwnProcess.text(of: "/proc/self/task/\(number)/stat", byteCountMax: 1024)
        // The fields follow the name of the thread in brackets, which may contain spaces.
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
        // SAFETY: the call fills the given structure.
        unsafe _ = getrusage(__rusage_who_t(whose.rawValue), &usage)
        system = Int64(usage.ru_stime.tv_sec) * 1_000_000 + Int64(usage.ru_stime.tv_usec)
        user = Int64(usage.ru_utime.tv_sec) * 1_000_000 + Int64(usage.ru_utime.tv_usec)
    }
}
