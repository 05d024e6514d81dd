internal import LoopIR
internal import TensorIR

extension Kernel {
  /// Ends long sums of floats inside other loops after some hundred terms, and adds those up in f64.
  ///
  ///     acc s; serial j in 0..<1000000 { s += x[j,i] }
  ///
  /// becomes
  ///
  ///     acc t; serial f in 0..<3907 { acc u; serial j in f*256..<+256 { u += x[j,i] }; t += f64(u) }
  ///     s = f32(t)
  ///
  /// Terms that are added one after the other to a sum of many lose the digits that it has beyond them.
  /// The sums of an only outermost loop end with the blocks that threads take.
  mutating func foldLongSums(_ scheduler: inout Scheduler) {
    let isOnly = KernelParts(self).map { $0.steps.count == 1 } ?? false
    body = body.flatMap { node -> [Node] in
      guard isOnly, case .loop(var loop) = node else { return foldingSums(in: node, &scheduler) }
      loop.body = loop.body.flatMap { foldingSums(in: $0, &scheduler) }
      return [.loop(loop)]
    }
  }

  private mutating func foldingSums(in node: Node, _ scheduler: inout Scheduler) -> [Node] {
    guard case .loop(var loop) = node else { return [node] }
    loop.body = loop.body.flatMap { foldingSums(in: $0, &scheduler) }
    let (step, extent) = (loop.termStep, variables[loop.variable.index].extent)
    guard let step, loop.range == .full, loop.carries.isEmpty,
      extent > CostModel.Sums.shortSum * step,
      loop.accumulators.contains(where: isLossy),
      scheduler.accept(
        "\(variables[loop.variable.index].name): \(CostModel.Sums.termCount * step) of \(extent) at a time"
      )
    else { return [.loop(loop)] }
    var (outer, inner) = split(
      loop, by: CostModel.Sums.termCount * step, named: "f\(variables.count)")
    var after = [Node]()
    inner.accumulators = []
    var (names, sums) = ([ScalarID: ScalarID](), [Node]())
    for accumulator in loop.accumulators {
      let element = scalars[accumulator.result.index]
      let part = newScalar(element)
      names[accumulator.result] = part
      inner.accumulators.append(Accumulator(part, accumulator.kind))
      guard isLossy(accumulator) else {
        outer.accumulators.append(accumulator)
        sums.append(.accumulate(accumulator.result, value: part))
        continue
      }
      let (wide, total) = (newScalar(.f64), newScalar(.f64))
      outer.accumulators.append(Accumulator(total, accumulator.kind))
      sums += [
        .define(wide, .apply(.convert(to: .f64), [part])), .accumulate(total, value: wide),
      ]
      after.append(.define(accumulator.result, .apply(.convert(to: element), [total])))
    }
    inner.body = loop.body.map { $0.renamingScalars { names[$0] ?? $0 } }
    outer.body = [.loop(inner)] + sums
    return [.loop(outer)] + after
  }

  /// Whether a long sum loses digits.
  private func isLossy(_ accumulator: Accumulator) -> Bool {
    accumulator.kind == .add && scalars[accumulator.result.index] == .f32
  }
}

extension Loop {
  /// How many terms are added side by side; nil where the iterations are in blocks or squares.
  fileprivate var termStep: Int? {
    switch schedule {
    case .serial: 1
    case .vector(let width, let interleave): width * interleave
    case .unrolled, .tiled, .parallel: nil
    }
  }
}
