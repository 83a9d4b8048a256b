import FoundationEssentials

/// A store's configuration and state, so that a later start in the same directory goes on with it: a trial box outlives a reboot.
///
/// The events of the second before a power cut are lost with it.
struct KeptStore: Sendable, Codable {
    struct Reader: Sendable, Codable {
        var serial: String
        var deviceType: String
        var domain: String
        var id: String?
        var label: String?
        var location: String?
        var registrationCode: String?
        var address: String
        var port: Int
    }

    /// The version of this form. Another version's file is not read.
    var version = 1
    var backendPort: Int
    var stripePort: Int
    var controlPort: Int
    var authority: String
    var authorityKey: String
    var token: String
    var readers: [Reader]
    var backend: BackendState.Kept
    var stripe: StripeState.Kept
    /// The time that the store has been open, in milliseconds.
    var now = 0

    /// Reads the kept store. It is nil where nothing was kept.
    static func read(_ path: String) throws -> KeptStore? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        do {
            let kept = try JSONDecoder().decode(KeptStore.self, from: Data(contentsOf: URL(filePath: path)))
            guard kept.version == 1 else { throw SimulatorError("\(path) is of another version of readersim: remove it to begin anew") }
            return kept
        } catch let error as SimulatorError {
            throw error
        } catch {
            throw SimulatorError("\(path) cannot be read: remove it to begin anew (\(type(of: error)))")
        }
    }

    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(self))
    }
}

extension SimulatedStore {
    /// Writes the store down, unless nothing differs from the last time.
    ///
    /// - Returns: the bytes that were written, for the next time.
    func keep(after last: [UInt8]) throws -> [UInt8] {
        let kept = world.with { world, now in
            KeptStore(
                backendPort: server(.backend).port, stripePort: server(.stripe).port, controlPort: controlPort, authority: caPEM,
                authorityKey: authorityKey, token: token,
                readers: world.readers.map {
                    KeptStore.Reader(
                        serial: $0.serial, deviceType: $0.deviceType, domain: $0.domain, id: $0.id, label: $0.label, location: $0.location,
                        registrationCode: $0.registrationCode, address: $0.address, port: $0.port)
                }, backend: world.backend.kept, stripe: world.stripe.kept, now: now)
        }
        var timeless = kept
        timeless.now = 0
        let marks = try timeless.bytes()
        guard marks != last else { return last }
        try WholeFile.write(kept.bytes(), to: directory + "/kept.json")
        return marks
    }

    /// Keeps the store every second until the task is cancelled, and once more then.
    package func keepOn() async throws {
        var last: [UInt8] = []
        while !Task.isCancelled {
            last = try keep(after: last)
            do { try await Task.sleep(for: .seconds(1)) } catch { break }
        }
        _ = try keep(after: last)
    }
}
