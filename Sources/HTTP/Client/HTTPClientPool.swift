internal import CCurl

/// Keeps up to a number of requests in flight at once, over connections that stay open.
///
/// Requests added beyond that wait in order. One pool belongs to one thread at a time, and works
/// only inside ``next()``.
@safe
public final class HTTPClientPool {
    public typealias Outcome = Result<HTTPClientReply, HTTPClientError>

    private struct Waiting {
        let request: HTTPClientRequest
        let tag: Int
    }

    private let multi: UnsafeMutableRawPointer
    private var idle: [Transfer]
    /// The transfers in flight, by the address of their handle.
    private var running: [UInt: (transfer: Transfer, tag: Int)] = [:]
    private var waiting: [Waiting] = []
    /// The first of ``waiting`` that has not started.
    private var waitingStart = 0
    /// What ended before libcurl saw it.
    private var failed: [(tag: Int, outcome: Outcome)] = []

    /// A pool of `connections`, at least 1.
    public init(connections: Int) throws(HTTPClientError) {
        var transfers: [Transfer] = []
        for _ in 0..<max(connections, 1) { transfers.append(try Transfer()) }
        guard let multi = unsafe curl_multi_init()
        else { throw .failed(code: Int(CURLE_FAILED_INIT.rawValue), reason: "no libcurl") }
        unsafe self.multi = multi
        idle = transfers
        unsafe ccurl_multi_set_number(multi, CURLMOPT_MAXCONNECTS, transfers.count)
    }

    deinit {
        for entry in running.values {
            unsafe curl_multi_remove_handle(multi, entry.transfer.handle)
        }
        unsafe curl_multi_cleanup(multi)
    }

    /// The requests added whose outcome has not been returned.
    public var count: Int {
        running.count + failed.count + waiting.count - waitingStart
    }

    /// Adds a request; `tag` comes back with its outcome.
    public func add(_ request: HTTPClientRequest, tag: Int) {
        waiting.append(Waiting(request: request, tag: tag))
        startWaiting()
    }

    /// Waits for the next outcome, of any request; nil when there is none to wait for.
    public func next() -> (tag: Int, outcome: Outcome)? {
        while count > 0 {
            if let outcome = failed.popLast() { return outcome }
            if let outcome = takeEnded() {
                startWaiting()
                return outcome
            }
            var stillRunning: Int32 = 0
            unsafe curl_multi_perform(multi, &stillRunning)
            guard Int(stillRunning) == running.count else { continue }
            unsafe curl_multi_poll(multi, nil, 0, 1000, nil)
        }
        return nil
    }

    private func startWaiting() {
        while waitingStart < waiting.count, let transfer = idle.popLast() {
            start(waiting[waitingStart], on: transfer)
            waitingStart += 1
        }
        guard waitingStart > 1024 || waitingStart == waiting.count else { return }
        waiting.removeSubrange(..<waitingStart)
        waitingStart = 0
    }

    private func start(_ next: Waiting, on transfer: Transfer) {
        do {
            try transfer.prepare(next.request)
            running[unsafe UInt(bitPattern: transfer.handle)] = (transfer, next.tag)
            unsafe curl_multi_add_handle(multi, transfer.handle)
        } catch {
            idle.append(transfer)
            failed.append((next.tag, .failure(error)))
        }
    }

    private func takeEnded() -> (tag: Int, outcome: Outcome)? {
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(multi, &left) {
            guard unsafe message.pointee.msg == CURLMSG_DONE,
                let handle = unsafe message.pointee.easy_handle,
                let entry = running.removeValue(forKey: UInt(bitPattern: handle))
            else { continue }
            let code = unsafe message.pointee.data.result
            unsafe curl_multi_remove_handle(multi, handle)
            idle.append(entry.transfer)
            return (entry.tag, outcome(of: entry.transfer, code))
        }
        return nil
    }

    private func outcome(of transfer: Transfer, _ code: CURLcode) -> Outcome {
        do {
            return .success(try transfer.finish(code))
        } catch {
            return .failure(error)
        }
    }
}

@available(*, unavailable, message: "a pool belongs to one thread at a time")
extension HTTPClientPool: Sendable {}
