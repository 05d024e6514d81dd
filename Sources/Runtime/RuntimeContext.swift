/// Runs blocks on behalf of compiled code: `(runtime context, body, buffers, blocks)`.
package typealias ParallelFor =
  @convention(c) (
    UnsafeMutableRawPointer?, @convention(c) (UnsafeMutableRawPointer?, Int, Int) -> Void,
    UnsafeMutableRawPointer?, Int
  ) -> Void

/// What compiled code gets from the process it runs in.
///
/// Compiled code reads the fields by offset, so their order is fixed: the function at byte 0, the
/// thread count at byte 8.
package struct RuntimeContext {
  /// Runs `body(buffers, begin, end)` over all blocks and returns when they are done.
  package var parallelFor: ParallelFor = parallelForEntry
  /// How many threads a call may use, the caller's included.
  package var threads: Int

  /// Creates the context of a call that may use `threads` threads.
  package init(threads: Int) {
    self.threads = threads
  }
}

/// The function compiled code calls for a parallel loop.
///
/// The first argument points to a `RuntimeContext`; without one the caller runs all blocks.
package let parallelForEntry: ParallelFor = { context, body, buffers, blocks in
  let threads = context?.assumingMemoryBound(to: RuntimeContext.self).pointee.threads ?? 1
  WorkerPool.shared.run(blocks: blocks, threads: threads, body: body, context: buffers)
}
