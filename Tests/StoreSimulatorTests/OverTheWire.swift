import Testing

/// The suites that open whole stores: one test after another, so that their processor time is their own.
@Suite(.serialized) enum OverTheWire {}
