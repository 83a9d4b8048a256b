package import GatewayModel
import Moments

/// One scan of everything that is on USB now, whatever a watch has seen.
package enum USBScan {
    /// Enumerates anew. The call blocks for some milliseconds.
    package static func now() throws(LookTrouble) -> [USBSighting] {
        do throws(USBFailure) {
            let context = try USBContext {}
            defer { context.stop() }
            return try context.enumerate().sightings
        } catch {
            throw LookTrouble(detail: error.description)
        }
    }
}
