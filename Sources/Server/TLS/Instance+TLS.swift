internal import Primitives
internal import System
internal import TLS

/// The certificate and the rules of TLS, and what changes them.
extension Instance {
    /// The context of new connections; nil while TLS is not configured.
    var secureContext: TLSContext? { secure.withLock { $0.context } }

    /// Reads the certificate and the rules again.
    func configureTLS(_ options: Options) throws(TLSFailure) {
        let context = try TLSContext(server: options.secure.settings)
        let stamps = Instance.stamps(of: context.settings)
        secure.withLock { $0 = SecureState(context: context, stamps: stamps) }
        if handshaker == nil {
            do throws(SystemError) {
                let handshaker = try Handshaker(server: self)
                self.handshaker = handshaker
                handshaker.start()
            } catch {
                throw TLSFailure("Failed to start the thread for handshakes: \(error.text)")
            }
        }
    }

    /// Logs why TLS cannot be configured, and tells the client.
    func configureTLS(changed next: Configuration) throws(DirectiveRefusal) {
        let options = Options(next)
        guard options.usesTLS || secureContext != nil else { return }
        do throws(TLSFailure) { try configureTLS(options) } catch {
            log(.warning, error.text)
            throw DirectiveRefusal("Unable to update TLS configuration. Check server logs.")
        }
    }

    /// Reads the files again if one of them has changed; what cannot be read leaves all as it is.
    ///
    /// For the thread of the handshakes.
    func reloadIfFilesChanged() {
        let (current, known) = secure.withLock { ($0.context, $0.stamps) }
        guard let context = current else { return }
        let stamps = Instance.stamps(of: context.settings)
        guard stamps != known else { return }
        do throws(TLSFailure) {
            let renewed = try TLSContext(server: context.settings)
            secure.withLock { $0 = SecureState(context: renewed, stamps: stamps) }
            log(.notice, "The files of the TLS certificate have changed, and are in use.")
        } catch {
            // Once for each change.
            secure.withLock { $0.stamps = stamps }
            log(.warning, "The files of the TLS certificate have changed. \(error.text)")
        }
    }

    /// When each of the files was written last.
    private static func stamps(of settings: TLSSettings) -> [Int64] {
        settings.paths.map { FileStamp.nanoseconds(of: $0) ?? 0 }
    }
}

/// The context of new connections, and how old its files are.
struct SecureState {
    var context: TLSContext?
    var stamps: [Int64] = []
}
