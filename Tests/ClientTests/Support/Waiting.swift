import CheckoutAPI
import CheckoutClient
import Testing

/// The error that a call of the client ends in; a test that expects one fails without it.
func failure<Value>(
    at location: SourceLocation = #_sourceLocation, _ call: () async throws(ClientError) -> Value
) async throws -> ClientError {
    do throws(ClientError) {
        let value = try await call()
        Issue.record("it should have failed, but gave \(value)", sourceLocation: location)
        throw ClientError.canceled
    } catch {
        return error
    }
}

/// The error that a stream ends in, and what came before it.
func failure(
    of stream: AsyncThrowingStream<Event, any Error>, at location: SourceLocation = #_sourceLocation
) async -> (error: ClientError?, cursors: [String]) {
    var cursors: [String] = []
    do {
        for try await event in stream { cursors.append(event.cursor) }
        Issue.record("the stream should have failed", sourceLocation: location)
        return (nil, cursors)
    } catch {
        return (error as? ClientError, cursors)
    }
}
