import CheckoutAPI
import Testing

@testable import CheckoutServer

@Suite struct PrometheusTextTests {
    @Test func `the older text names samples as they are, knows no info and no unit, and leaves the process's names to others`() {
        let openMetrics = """
            # TYPE readerd info
            # HELP readerd The agent.
            readerd_info{version="1"} 1
            # TYPE readerd_start_time_seconds gauge
            # UNIT readerd_start_time_seconds seconds
            # HELP readerd_start_time_seconds When it started.
            readerd_start_time_seconds 1.0
            # TYPE readerd_calls counter
            # HELP readerd_calls Calls, by how they ended.
            readerd_calls_total{call="a b",result="ok"} 7
            # TYPE process_open_fds gauge
            # HELP process_open_fds Open file descriptors.
            process_open_fds 9
            # EOF

            """
        #expect(
            PrometheusText.of(openMetrics) == """
                # TYPE readerd_info gauge
                # HELP readerd_info The agent.
                readerd_info{version="1"} 1
                # TYPE readerd_start_time_seconds gauge
                # HELP readerd_start_time_seconds When it started.
                readerd_start_time_seconds 1.0
                # TYPE readerd_calls_total counter
                # HELP readerd_calls_total Calls, by how they ended.
                readerd_calls_total{call="a b",result="ok"} 7
                # TYPE readerd_process_open_fds gauge
                # HELP readerd_process_open_fds Open file descriptors.
                readerd_process_open_fds 9

                """)
    }

    @Test(arguments: [
        ("text/plain", true), ("text/plain;version=0.0.4;q=0.5", true), ("application/json", false), ("*/*", false),
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.2,*/*;q=0.1", false),
    ])
    func `the route stays OpenMetrics unless text alone is asked for`(_ accept: String, _ isPlain: Bool) async throws {
        try await withServer(role: .monitor) { server in
            let answer = try await server.ask("GET /v1/metrics HTTP/1.1\r\nHost: x\r\nAccept: \(accept)\r\n\r\n")
            #expect(answer.status == 200)
            let type = isPlain ? PrometheusText.type : "application/openmetrics-text; version=1.0.0; charset=utf-8"
            #expect(answer.field("content-type") == type)
        }
    }
}
