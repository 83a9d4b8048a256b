/// The simulator itself could not do what it was told: a taken port, a reader that does not exist, a control request that makes no sense.
package struct SimulatorError: Error, CustomStringConvertible, Equatable {
    package var description: String

    package init(_ description: String) { self.description = description }
}
