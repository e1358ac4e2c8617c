internal import Glibc

/// The supervisor (systemd) that started the server and waits for a message that it is ready.
///
/// Source: sd_notify(3): datagrams of `NAME=value` lines to the socket named by NOTIFY_SOCKET; a
/// leading `@` stands for the zero byte of an abstract name.
public struct Supervisor: Sendable {
    private let socketPath: String

    /// The supervisor that started this process, or nil.
    public init?() {
        guard let path = OwnProcess.environment("NOTIFY_SOCKET"), path.count > 1,
            path.hasPrefix("/") || path.hasPrefix("@")
        else { return nil }
        socketPath = path
    }

    /// Sends `lines`; returns whether that succeeded.
    @discardableResult
    public func notify(_ lines: String) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(socketPath.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        if name[0] == UInt8(ascii: "@") { name[0] = 0 }
        // SAFETY: the name fits; the structure is otherwise zero.
        unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: name) }
        let descriptor = socket(
            AF_UNIX,
            Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue),
            0
        )
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let length = socklen_t(offset + name.count)
        let bytes = Array(lines.utf8)
        // SAFETY: a unix address is a socket address by its first field; all live for the call.
        let sent = unsafe withUnsafePointer(to: &address) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe sendto(
                    descriptor,
                    bytes,
                    bytes.count,
                    Int32(MSG_NOSIGNAL),
                    $0,
                    length
                )
            }
        }
        return sent == bytes.count
    }
}
