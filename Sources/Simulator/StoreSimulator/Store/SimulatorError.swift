/// The simulator itself could not carry out an order: a taken port, a reader that does not exist, a control request that makes no sense.
package struct SimulatorError: Error, CustomStringConvertible, Equatable {
    package var description: String

    package init(_ description: String) { self.description = description }
}
