package import GatewayModel
import Moments
package import ReaderLinks
import Synchronization

/// Checks addresses for readers: it connects, shakes hands, reads the certificate's names, and hangs up. It sends nothing beyond that, so
/// that a reader at work does not notice, and any other device there learns nothing.
package final class LANLookout: Sendable {
    private let link: LANLink
    private let pacer = Pacer()
    private let room: NeighbourRoom
    /// The scans that are under way, and how each is ended.
    private let under = Mutex<(last: UInt64, stops: [UInt64: AsyncStream<Void>.Continuation])>((0, [:]))

    package convenience init(link: LANLink) { self.init(link: link, room: NeighbourRoom()) }

    init(link: LANLink, room: NeighbourRoom) {
        self.link = link
        self.room = room
    }

    /// The scan ends when every address has been checked, when ``stop()`` is called, or when the task is cancelled. It reports what was
    /// checked by then.
    package func look(_ look: LANLook) async -> LANFindings {
        let (stopped, stop) = AsyncStream.makeStream(of: Void.self)
        let number = under.withLock { under in
            under.last += 1
            under.stops[under.last] = stop
            return under.last
        }
        defer { _ = under.withLock { $0.stops.removeValue(forKey: number) } }
        return await withTaskGroup(of: (PrivateAddress, Found)?.self, returning: LANFindings.self) { group in
            group.addTask {
                // The wait ends by `stop`, or with the group.
                for await _ in stopped {}
                return nil
            }
            for address in look.addresses { group.addTask { (address, await self.see(address, look)) } }
            var findings = LANFindings(sightings: [], looked: [])
            var left = look.addresses.count
            while left > 0, let result = await group.next() {
                guard let (address, found) = result else {
                    group.cancelAll()
                    continue
                }
                left -= 1
                guard found != .notLooked else { continue }
                findings.looked.insert(address)
                if case .sighting(let sighting) = found { findings.sightings.append(sighting) }
            }
            group.cancelAll()
            return findings
        }
    }

    /// Ends every scan that is under way.
    package func stop() {
        let stops = under.withLock { Array($0.stops.values) }
        for stop in stops { stop.finish() }
    }

    private enum Found: Sendable, Equatable {
        case sighting(LANSighting)
        case nothing
        /// The check ended before its result was known.
        case notLooked
    }

    private func see(_ address: PrivateAddress, _ look: LANLook) async -> Found {
        do {
            try await room.enter(address)
        } catch {
            return .notLooked
        }
        let found = await visit(address, look)
        await room.leave(address)
        return found
    }

    private func visit(_ address: PrivateAddress, _ look: LANLook) async -> Found {
        do {
            try await Task.sleep(until: pacer.slot(perSecond: look.perSecond), clock: .continuous)
        } catch {
            return .notLooked
        }
        do throws(ReaderFailure) {
            let shown = try await link.inspect(
                address: address.text, port: look.port, answeringWithin: .milliseconds(look.answerTime),
                timeout: .milliseconds(look.answerTime + look.certificateTime))
            guard let name = ReaderName.find(in: shown.dnsNames) else {
                return told(address, look, "its certificate is not a reader's")
            }
            return .sighting(LANSighting(address: address.text, port: look.port, certificateName: name, problem: shown.distrust))
        } catch {
            if Task.isCancelled { return .notLooked }
            return told(address, look, error.detail)
        }
    }

    private func told(_ address: PrivateAddress, _ look: LANLook, _ problem: String) -> Found {
        look.told.contains(address) ? .sighting(LANSighting(address: address.text, port: look.port, problem: problem)) : .nothing
    }
}

extension ReaderFailure {
    fileprivate var detail: String {
        switch self {
        case .unreachable(let detail), .lost(let detail), .invalidAnswer(let detail), .rpc(_, let detail), .app(_, let detail),
            .unsupported(let detail):
            detail
        case .untrusted(let problem): problem.sentence
        }
    }
}
