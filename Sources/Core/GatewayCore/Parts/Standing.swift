/// What stands in the way of sales, or that a person should know: what the log was told of, and which payments warn.
struct Standing: Sendable {
    var told = Told()
    var warnings = Warnings()
}
