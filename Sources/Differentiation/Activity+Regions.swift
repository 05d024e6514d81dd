import TensorIR

/// Which operands and results of an operation with regions carry tangents.
struct RegionActivity {
  /// For each operand.
  var operands: [Bool]
  /// For each result.
  var results: [Bool]
}

extension Region {
  /// For each result, whether it varies with the parameters that do.
  fileprivate func resultsVaried(_ parameters: [Bool]) -> [Bool] {
    let varied = variedValues(from: parameters)
    return results.map { varied[$0.index] }
  }

  /// For each parameter, whether it varies and wanted results depend on it.
  fileprivate func activeParameters(_ parameters: [Bool], wanted: [Bool]) -> [Bool] {
    let varied = variedValues(from: parameters)
    let useful = usefulValues(to: wanted, varied: varied)
    return self.parameters.map { varied[$0.index] && useful[$0.index] }
  }
}

extension While {
  /// For each carry, whether it varies with the operands that do.
  func carriesVaried(_ operands: [Bool]) -> [Bool] {
    let captures = Array(operands.prefix(captureCount))
    return Array(operands.dropFirst(captureCount)).closed {
      body.resultsVaried(captures + $0)
    }
  }

  /// Which operands and carries carry tangents, where some operands vary and some results are wanted.
  func activity(_ operands: [Bool], results: [Bool]) -> RegionActivity {
    let varied = carriesVaried(operands)
    let parameters = Array(operands.prefix(captureCount)) + varied
    let wanted = results.closed {
      Array(body.activeParameters(parameters, wanted: $0).dropFirst(captureCount))
    }
    let carries = zip(varied, wanted).map { $0 && $1 }
    let captures = body.activeParameters(parameters, wanted: carries).prefix(captureCount)
    return RegionActivity(operands: Array(captures) + carries, results: carries)
  }
}

extension Branch {
  /// For each result, whether it varies in some branch with the operands that do.
  func resultsVaried(_ operands: [Bool]) -> [Bool] {
    let captures = Array(operands.dropFirst())
    let all = branches.map { $0.resultsVaried(captures) }
    return all[0].indices.map { position in all.contains { $0[position] } }
  }

  /// Which operands and results carry tangents, where some operands vary and some results are wanted.
  func activity(_ operands: [Bool], results: [Bool]) -> RegionActivity {
    let captures = Array(operands.dropFirst())
    let wanted = zip(resultsVaried(operands), results).map { $0 && $1 }
    let all = branches.map { $0.activeParameters(captures, wanted: wanted) }
    let active = captures.indices.map { position in all.contains { $0[position] } }
    return RegionActivity(operands: [false] + active, results: wanted)
  }
}

extension Scan {
  /// Where carries stand among operands, and behind the index among the body's parameters.
  var carryRange: Range<Int> { captureCount..<(captureCount + carryCount) }

  /// For each of the body's parameters whether it varies with the operands that do, and for each
  /// result.
  private func varied(_ operands: [Bool]) -> (parameters: [Bool], results: [Bool]) {
    func parameters(_ carries: [Bool]) -> [Bool] {
      [false] + operands.prefix(captureCount) + carries + operands[carryRange.upperBound...]
    }
    let carries = Array(operands[carryRange]).closed {
      Array(body.resultsVaried(parameters($0)).prefix(carryCount))
    }
    let results = body.resultsVaried(parameters(carries))
    return (parameters(carries), carries + results.dropFirst(carryCount))
  }

  /// For each result, whether it varies with the operands that do.
  func resultsVaried(_ operands: [Bool]) -> [Bool] { varied(operands).results }

  /// Which operands and results carry tangents, where some operands vary and some results are wanted.
  func activity(_ operands: [Bool], results: [Bool]) -> RegionActivity {
    let varied = varied(operands)
    let stacked = zip(varied.results, results).map { $0 && $1 }.dropFirst(carryCount)
    func active(_ carries: [Bool]) -> [Bool] {
      Array(body.activeParameters(varied.parameters, wanted: carries + stacked).dropFirst())
    }
    let wanted = Array(results.prefix(carryCount)).closed { Array(active($0)[carryRange]) }
    let carries = zip(varied.results, wanted).map { $0 && $1 }
    var operands = active(carries)
    operands.replaceSubrange(carryRange, with: carries)
    return RegionActivity(operands: operands, results: carries + stacked)
  }
}
