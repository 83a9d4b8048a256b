/// What stands in the way of sales, or what a person should know: what the log was told, and which payments warn.
struct Standing: Sendable {
    var told = Told()
    var warnings = Warnings()
}
