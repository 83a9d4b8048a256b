/// The spans of time by which evidence is measured, in milliseconds.
package struct EvidenceTerms: Sendable, Hashable {
    /// The setting `authorization_window_s`: how long after its reader was seen idle an attempt may still be charged.
    package var window: Int64
    /// The setting `status_s`: how long after the known charge the backend's `Failed` is no news.
    package var patience: Int64
    /// How long after the last send a reader that does not come back counts as idle.
    package var absence: Int64

    package init(window: Int64, patience: Int64, absence: Int64 = 3_600_000) {
        self.window = window
        self.patience = patience
        self.absence = absence
    }
}
