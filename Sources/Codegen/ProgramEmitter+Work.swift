internal import LoopIR

extension ProgramEmitter {
  /// For each code about how many nanoseconds a call of the program loses where the code is made at
  /// level 0 instead of its own.
  ///
  /// Sums in registers are written to memory and read again at level 0: products take some eight times
  /// as long. Other loops are little slower, since a vector operation is one instruction at any level.
  package func losses(threads: Int) -> [Double] {
    var losses = [Double](repeating: 0, count: codes.count)
    let repetitions = program.repetitions
    for (number, kernel) in program.kernels.enumerated() where repetitions[number] > 0 {
      let costs = kernel.costs(in: program)
      let isProduct = kernel.body.contains(where: \.hasContract)
      let rates = isProduct ? Self.productRates : Self.loopRates
      let sharing = kernel.blockCount == nil ? 1 : Double(threads)
      let time =
        (Double(costs.flops) * rates.nanosecondsPerFlop + Double(costs.bytes)
          * Self.nanosecondsPerByte) / sharing
      for code in Set(codes(of: number)) {
        losses[code] += time * repetitions[number] * rates.slowdown
      }
    }
    return losses
  }

  /// What a thread does in a nanosecond, and how much longer it takes at level 0, as a multiple.
  private typealias Rates = (nanosecondsPerFlop: Double, slowdown: Double)
  private static let productRates: Rates = (0.01, 7)
  private static let loopRates: Rates = (0.05, 1)
  private static let nanosecondsPerByte = 0.03
}

extension LoopProgram {
  /// How often each kernel runs in a call; loops of unknown count are taken to be short.
  fileprivate var repetitions: [Double] {
    var counts = [Double](repeating: 0, count: kernels.count)
    func count(_ steps: [Step], times: Double) {
      for step in steps {
        switch step {
        case .kernel(let number): counts[number] += times
        case .loop(let loop):
          switch loop.trips {
          case .count(let trips): count(loop.body, times: times * Double(max(trips, 0)))
          case .condition(let test, _): count(test + loop.body, times: times * Self.unknownTrips)
          }
        case .branch(let branch): for way in branch.ways { count(way, times: times) }
        case .call: break
        }
      }
    }
    count(steps, times: 1)
    return counts
  }

  /// As how many iterations a loop of unknown count counts.
  private static let unknownTrips = 16.0
}
