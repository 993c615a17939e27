internal import CPrefetch

/// Hints to the processor's caches.
enum Memory {
    /// Asks for the cache line of an element that will soon be read; changes nothing.
    @inline(__always)
    static func prefetch<Element>(_ array: [Element], at index: Int) {
        unsafe array.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            unsafe cprefetch_read(base + index)
        }
    }
}
