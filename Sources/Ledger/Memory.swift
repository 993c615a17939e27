internal import CPrefetch

/// Hints to the processor's caches.
enum Memory {
    private static let lineBytes = 64

    /// Asks for the cache lines of an element that will soon be read; changes nothing.
    @inline(__always)
    static func prefetch<Element>(_ elements: Span<Element>, at index: Int) {
        unsafe elements.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe prefetch(base + index)
        }
    }

    /// Asks for the cache lines of the element there.
    @unsafe @inline(__always)
    static func prefetch<Element>(_ element: UnsafePointer<Element>) {
        let address = unsafe UnsafeRawPointer(element)
        var offset = 0
        while offset < MemoryLayout<Element>.size {
            unsafe cprefetch_read(address + offset)
            offset += lineBytes
        }
    }
}
