internal import LoopIR

/// The steps of a program laid out on a line: a position for each kernel, and for the start and the
/// end of each loop and branch.
struct Timeline {
  /// The position of each kernel, by its number.
  private(set) var positions: [Int: Int] = [:]
  /// The number of positions.
  private(set) var count = 0
  /// The positions of each loop from its start to its end, inner loops before those around.
  private(set) var loops: [(positions: ClosedRange<Int>, loop: StepLoop)] = []
  /// From the first to the last position that uses each buffer, views standing for themselves.
  private(set) var uses: [BufferID: ClosedRange<Int>] = [:]

  init(_ program: LoopProgram) { add(program.steps, of: program) }

  private mutating func use(_ buffer: BufferID, at position: Int) {
    let known = uses[buffer] ?? position...position
    uses[buffer] = min(known.lowerBound, position)...max(known.upperBound, position)
  }

  private mutating func next() -> Int {
    count += 1
    return count - 1
  }

  private mutating func add(_ steps: [Step], of program: LoopProgram) {
    for step in steps {
      let start = next()
      switch step {
      case .kernel(let number):
        positions[number] = start
        for buffer in program.kernels[number].slots { use(buffer, at: start) }
      case .loop(let loop):
        if case .condition(let test, let condition) = loop.trips {
          add(test, of: program)
          use(condition, at: next())
        }
        add(loop.body, of: program)
        let end = next()
        for buffer in loop.carries.flatMap({ [$0.current, $0.next] })
          + (loop.index.map { [$0] } ?? [])
        {
          use(buffer, at: start)
          use(buffer, at: end)
        }
        loops.append((start...end, loop))
      case .branch(let branch):
        use(branch.selector, at: start)
        for way in branch.ways { add(way, of: program) }
        _ = next()
      case .call(let call):
        for buffer in call.inputs + call.outputs { use(buffer, at: start) }
      }
    }
  }
}

extension LoopProgram {
  /// The positions on a timeline from a buffer's first use to its last; a parameter is in use from
  /// before the first step and a result until after the last.
  ///
  /// What is in use at both sides of a loop's start or end is in use for all of the loop, since what
  /// comes first in an iteration comes again after what comes last. A view uses what it is part of. The
  /// two buffers of a carry that are exchanged are in use together. What a loop uses that threads share
  /// as a whole is in use for all of it.
  func lives(on timeline: Timeline) -> [BufferID: ClosedRange<Int>] {
    var lives = timeline.uses
    func extend(_ buffer: BufferID, over positions: ClosedRange<Int>) {
      lives[buffer] = lives[buffer].map { $0.union(positions) } ?? positions
    }
    for position in buffers.indices {
      let buffer = BufferID(position)
      switch buffers[position].storage {
      case .argument: extend(buffer, over: -1...(-1))
      case .result: extend(buffer, over: timeline.count...timeline.count)
      case .view: if let life = lives[buffer] { extend(root(of: buffer), over: life) }
      case .arena, .constant: break
      }
    }
    for (positions, _) in timeline.loops {
      for (buffer, life) in lives where life.overlaps(positions) {
        let isInside =
          life.lowerBound > positions.lowerBound && life.upperBound < positions.upperBound
        if !isInside { lives[buffer] = life.union(positions) }
      }
    }
    for (positions, loop) in timeline.loops where loop.isShared {
      // Each block of lanes is at a place of its own.
      for (buffer, life) in lives where life.overlaps(positions) {
        lives[buffer] = life.union(positions)
      }
    }
    for (_, loop) in timeline.loops {
      for carry in loop.carries where isExchanged(carry) {
        let pair = [carry.current, carry.next].map { root(of: $0) }
        for life in pair.compactMap({ lives[$0] }) {
          for buffer in pair { extend(buffer, over: life) }
        }
      }
    }
    return lives
  }
}
