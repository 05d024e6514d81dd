internal import LoopIR

extension Kernel {
  /// Splits loops over merged axes, one of which memory is contiguous along but not the inner one.
  ///
  ///     for f in 0..<32 { y[f] = x[f%8·4 + f/8] }
  ///       →   for i in 0..<4 { for j in 0..<8 { y[8i + j] = x[4j + i] } }
  ///
  /// A transposed tensor that is flattened would be gathered element by element; two loops are tiled.
  mutating func splitMergedAxes(_ scheduler: inout Scheduler) {
    body = body.map { splitMergedAxes(in: $0, &scheduler) }
  }

  private mutating func splitMergedAxes(in node: Node, _ scheduler: inout Scheduler) -> Node {
    guard case .loop(var loop) = node, loop.schedule == .serial else { return node }
    if loop.body.contains(where: { if case .loop = $0 { true } else { false } }) {
      loop.body = loop.body.map { splitMergedAxes(in: $0, &scheduler) }
      return .loop(loop)
    }
    let variable = variables[loop.variable.index]
    guard loop.range == .full, loop.accumulators.isEmpty, loop.carries.isEmpty,
      !loop.body.contains(where: \.hasContract), let size = transposedExtent(of: loop),
      scheduler.accept("\(variable.name): \(variable.extent / size) by \(size)")
    else { return node }
    return .loop(split(loop, by: size))
  }

  /// The extent of a merged inner axis that all indices of the loop agree about, where a load is strided
  /// along it and contiguous along the outer one; nil where there is none.
  private func transposedExtent(of loop: Loop) -> Int? {
    let extent = variables[loop.variable.index].extent
    var sizes = Set<Int>()
    var isTransposed = false
    for node in loop.body {
      _ = node.mappingIndices { index in
        index.forEachDivisor(of: loop.variable) { sizes.insert($0) }
        return index
      }
      guard case .define(_, .load(_, let address, _)) = node else { continue }
      isTransposed = isTransposed || address.isTransposed(along: loop.variable)
    }
    guard isTransposed, sizes.count == 1, let size = sizes.first, extent.isMultiple(of: size),
      min(size, extent / size) >= CostModel.Lanes.leastSplitExtent
    else { return nil }
    return size
  }

  /// Two loops, of which the inner one goes over so many elements.
  private mutating func split(_ loop: Loop, by size: Int) -> Loop {
    let whole = variables[loop.variable.index]
    let outer = newVariable(whole.name, extent: whole.extent / size)
    let inner = newVariable(whole.name + "r", extent: size)
    var (outerLoop, innerLoop) = (loop, loop)
    (outerLoop.variable, innerLoop.variable) = (outer, inner)
    innerLoop.body = loop.body.map { node in
      node.mappingIndices { index in
        index.splitting(
          loop.variable, by: size, into: IndexExpression(outer), IndexExpression(inner))
      }
    }
    outerLoop.body = [.loop(innerLoop)]
    return outerLoop
  }
}

extension IndexExpression {
  /// Calls `body` with what the variable alone is divided by, and with zero where it stands with others in
  /// a quotient or remainder.
  fileprivate func forEachDivisor(of variable: VariableID, _ body: (Int) -> Void) {
    for term in terms {
      switch term.atom {
      case .variable, .scalar, .lookup: break
      case .quotient(let inner, let divisor), .remainder(let inner, let divisor):
        if inner == IndexExpression(variable) {
          body(divisor)
        } else if inner.uses(variable) {
          body(0)
        }
      }
    }
  }

  /// Whether the expression steps by one with the variable's quotient, and by more with its remainder.
  fileprivate func isTransposed(along variable: VariableID) -> Bool {
    var (isContiguous, isStrided) = (false, false)
    for term in terms {
      switch term.atom {
      case .quotient(IndexExpression(variable), _): isContiguous = term.coefficient == 1
      case .remainder(IndexExpression(variable), _): isStrided = term.coefficient.magnitude > 1
      case .variable, .scalar, .lookup, .quotient, .remainder: break
      }
    }
    return isContiguous && isStrided
  }

  /// The expression with a variable as `size` times an outer part and an inner one.
  fileprivate func splitting(
    _ variable: VariableID, by size: Int, into outer: IndexExpression, _ inner: IndexExpression
  ) -> IndexExpression {
    var result = IndexExpression(constant)
    for term in terms {
      let part: IndexExpression =
        switch term.atom {
        case .variable(variable): outer * size + inner
        case .quotient(IndexExpression(variable), size): outer
        case .remainder(IndexExpression(variable), size): inner
        case .variable, .scalar, .lookup, .quotient, .remainder: IndexExpression(term.atom)
        }
      result += part * term.coefficient
    }
    return result
  }
}
