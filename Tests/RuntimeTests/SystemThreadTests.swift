import Synchronization
import Testing

@testable import Runtime

/// Threads of the system: what they carry out, how deep, and what is said where there are none.
@Suite struct SystemThreadTests {
  /// The sum of the numbers up to one, by as deep a recursion.
  @inline(never)
  private func sum(upTo number: Int) -> Int {
    number == 0 ? 0 : number &+ sum(upTo: number - 1)
  }

  @Test func joinedThreadsHaveDoneTheirWork() throws {
    var results = [Int](repeating: 0, count: 4)
    for position in results.indices {
      let thread = try #require(SystemThread { results[position] = self.sum(upTo: position) })
      thread.join()
    }
    #expect(results == [0, 1, 3, 6])
  }

  @Test func deepRecursionFitsADeepStack() throws {
    // Each level takes 16 bytes or more: far beyond the 8 MB of usual threads.
    let depth = 2_000_000
    #expect(try withStack(byteCount: 512 << 20) { sum(upTo: depth) } == depth * (depth + 1) / 2)
  }

  @Test func errorsReachTheCaller() {
    struct Mistake: Error, Equatable {}
    #expect(throws: Mistake()) { try withStack(byteCount: 1 << 20) { throw Mistake() } }
  }

  @Test func aStackThatThereIsNotIsAnError() {
    #expect(throws: StackError.self) { try withStack(byteCount: 1 << 60) {} }
    let deep = SystemThread(stackByteCount: 1 << 60) {}
    #expect(deep == nil)
    // Less than any thread takes.
    let shallow = SystemThread(stackByteCount: 1) {}
    #expect(shallow == nil)
  }
}
