import NIOCore

extension Route {
    /// Everything that the socket serves. `document` is the OpenAPI document.
    static func all(document: ByteBuffer) -> [Route] {
        agent(document: document) + carts + payments + cards + readers + devices + readerWork + technician + intents + discovery
            + trials + diagnosis
    }
}
