import CheckoutAPI

extension CheckoutClient {
    /// Looks for devices now (`POST /v1/discovery`): each as it is seen, with progress between, then the summary.
    ///
    /// Letting go of the stream gives the look up.
    public func discover(_ body: DiscoveryBody = DiscoveryBody()) -> AsyncThrowingStream<DiscoveryLine, any Error> {
        summed(Target("discovery"), body)
    }
}
