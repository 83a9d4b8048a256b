/// The reason why the journal could not be opened, written or read.
///
/// Nothing was written when `append` throws: its entries are one transaction, on the disk or not at all.
package enum JournalFailure: Error, Sendable, Equatable {
    /// The disk has no room, or a quota is used up. The store stays usable: a later append succeeds when there is room.
    case full
    /// The file, its directory or its file system cannot be written.
    case readOnly(detail: String)
    /// The file is not a sound journal. `JournalStore.setAside` moves it out of the way; nothing deletes it.
    case corrupt(detail: String)
    /// Another process owns the journal, or holds SQLite's lock on it for longer than we wait. `by` is its process id, when known.
    case locked(by: Int32?)
    /// A newer readerd has written this file; this one must not touch it.
    case newerSchema(found: Int, known: Int)
    /// The journal's own rules refuse the entries: a payment that has ended cannot change, an event is never rewritten. This is a fault of
    /// the program.
    case refused(detail: String)
    /// The file is not where it was opened. What is written into it would be lost at the next start.
    case moved(path: String)
    /// The disk or the operating system reported something else. The text is bounded.
    case io(detail: String)
}

extension JournalFailure: CustomStringConvertible {
    /// The failure in one sentence, and what to do about it.
    package var description: String {
        switch self {
        case .full:
            "The disk of the payment journal is full: make room in the state directory."
        case .readOnly(let detail):
            "The payment journal cannot be written (\(detail)): make the state directory writable for readerd's user."
        case .corrupt(let detail):
            "The payment journal is damaged (\(detail)): set it aside, and keep it, for the payments in it cannot be read otherwise."
        case .locked(by: let owner?):
            "The payment journal belongs to the running process \(owner): only one readerd may use a state directory."
        case .locked(by: nil):
            "The payment journal is in use by another process: close what has it open."
        case .newerSchema(let found, let known):
            "The payment journal has schema \(found), and this readerd knows up to \(known): run the version that wrote it, or a newer one."
        case .refused(let detail):
            "The payment journal refuses the entry: \(detail)."
        case .moved(let path):
            "The payment journal \(path) was moved or deleted while readerd used it: put it back, then restart readerd."
        case .io(let detail):
            "The payment journal failed: \(detail)."
        }
    }
}

extension JournalFailure {
    /// The remedy where making room does not help. Nil means that it does help, or that no remedy is known.
    package var remedy: String? {
        switch self {
        case .moved(let path):
            "Put \(path) back where it was, and restart readerd (sudo systemctl restart readerd). If it is lost, restart readerd all the "
                + "same, and compare the open carts with the back office: what was being paid stands in it alone."
        case .readOnly: "Make the state directory writable for readerd's user; it is tried again by itself."
        case .full, .corrupt, .locked, .newerSchema, .refused, .io: nil
        }
    }
}
