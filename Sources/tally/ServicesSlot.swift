import API
import HTTP
import Synchronization

/// The services that loops get once they exist: the server is bound before the folder is opened.
final class ServicesSlot: Sendable {
    let services = Mutex<APIServices?>(nil)

    /// The application of one loop; loops start after the services are there.
    func application(_ loop: HTTPLoop) -> any Application {
        guard let services = services.withLock({ $0 }) else { return Unready() }
        return APIApplication(loop: loop, services: services)
    }
}

/// Answers nothing but that there is nothing yet.
private final class Unready: Application {
    func bodyLimit(method: HTTPMethod, path: [UInt8]) -> Int { 0 }

    func receive(_ request: HTTPRequest, as exchange: ExchangeID) {}

    func rejected(_ reason: HTTPRejection) -> HTTPResponse {
        HTTPResponse(status: 503, contentType: nil)
    }
}
