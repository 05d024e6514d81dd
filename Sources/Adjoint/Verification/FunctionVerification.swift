internal import Differentiation
internal import Optimizer
internal import TensorIR

/// The checks of one function of the IR.
struct FunctionVerification {
  /// The function, without calls.
  let function: Function
  /// The parameters it is differentiated by, of floats; none where only machine code is checked.
  let differentiated: [Int]
  /// The seed of directions.
  let seed: UInt64
  let options: CompileOptions

  /// Whether some result has a derivative.
  private var isDifferentiable: Bool {
    !differentiated.isEmpty && function.resultTypes.contains { $0.element.isFloat }
  }

  /// The checks at some arguments.
  func checks(at arguments: [TensorData]) throws -> [Verification.Check] {
    guard isDifferentiable else {
      return [try EngineCheck(subject(function, arguments), grad: nil).line]
    }
    let narrow = try function.weightedSum(of: function.results, seed: seed)
    var checks = [try EngineCheck(subject(narrow, arguments), grad: differentiated).line]
    let wide = function.widened()
    for kind in [DerivativeCheck.gradient, .transpose, .second] {
      checks.append(try check(kind, of: wide, differentiated, at: arguments))
    }
    return checks
  }

  /// What a check of the derivatives of a function in double precision finds.
  private func check(
    _ kind: DerivativeCheck, of wide: Function, _ differentiated: [Int],
    at arguments: [TensorData]
  ) throws -> Verification.Check {
    do {
      switch kind {
      case .transpose:
        return try TransposeCheck(subject(wide, arguments), indices: differentiated).line
      case .gradient:
        let sum = try wide.weightedSum(of: wide.results, seed: seed)
        return try GradientCheck(subject(sum, arguments), indices: differentiated).line
      case .second:
        let sum = try wide.weightedSum(of: wide.results, seed: seed).simplified()
        var slope = try sum.withGradient(of: differentiated)
        slope.results.removeFirst(sum.results.count)
        let turned = try slope.weightedSum(of: slope.results, seed: seed &+ 1)
        var line = try GradientCheck(subject(turned, arguments), indices: differentiated).line
        line.name = kind.rawValue
        return line
      }
    } catch let error as AdjointError
      where error.kind == .notDifferentiable && kind != .gradient
    {
      // There may be no forward mode, or no second derivative.
      return Verification.Check(name: kind.rawValue, outcome: .unsure, detail: error.message)
    }
  }

  /// A function as the subject of checks.
  private func subject(_ function: Function, _ arguments: [TensorData]) -> CheckSubject {
    CheckSubject(
      program: Program(function), options: options, seed: seed, given: arguments)
  }
}

/// A check of derivatives.
private enum DerivativeCheck: String {
  case gradient, transpose, second
}

// MARK: - The culprit

extension FunctionVerification {
  /// The least that fails the first failed check of derivatives; nil where it is not found.
  func culprit(
    of checks: [Verification.Check], at arguments: [TensorData]
  ) -> Verification.Culprit? {
    guard let failed = checks.first(where: { $0.outcome == .failed && $0.name != "engines" }),
      let kind = DerivativeCheck(rawValue: failed.name)
    else { return nil }
    return culprit(in: function.widened(), kind, at: arguments)
  }

  /// The least of a function in double precision that fails a check.
  private func culprit(
    in wide: Function, _ kind: DerivativeCheck, at arguments: [TensorData]
  ) -> Verification.Culprit? {
    /// What is computed up to a position.
    func prefix(_ position: Int) -> Function {
      var prefix = wide
      prefix.results = wide.operations[position].results.filter { wide[$0].element.isFloat }
      return prefix.withoutUnneeded()
    }
    /// Whether the check fails for that.
    func fails(upTo position: Int) -> Bool {
      (try? check(kind, of: prefix(position), differentiated, at: arguments))?.outcome == .failed
    }
    // The first position behind which everything fails, if that is so.
    let positions = wide.positions(dependingOn: differentiated)
    var (low, high) = (0, positions.count)
    while low < high {
      let middle = (low + high) / 2
      if fails(upTo: positions[middle]) { high = middle } else { low = middle + 1 }
    }
    guard low < positions.count else { return nil }
    let operation = wide.operations[positions[low]]
    if let alone = failingAlone(operation, in: wide, kind, at: arguments) { return alone }
    guard fails(upTo: positions[low]) else { return nil }
    // Where branches meet, one of them fails that a right one follows.
    let sources = positions[..<low].filter { position in
      !wide.operations[position].results.allSatisfy { !operation.operands.contains($0) }
    }
    if let source = sources.last(where: fails),
      let earlier = culprit(in: prefix(source), kind, at: arguments)
    {
      return earlier
    }
    var program = wide
    program.results = operation.results
    return culprit(operation, program.withoutUnneeded())
  }

  /// The program of one operation, if that fails at what its operands are.
  private func failingAlone(
    _ operation: Operation, in wide: Function, _ kind: DerivativeCheck,
    at arguments: [TensorData]
  ) -> Verification.Culprit? {
    var before = wide
    var operands: [ValueID] = []
    for operand in operation.operands where !operands.contains(operand) { operands.append(operand) }
    before.results = operands
    guard
      let values = try? subject(before, arguments).compile(.none).call(
        subject(before, arguments).arguments())
    else { return nil }
    var alone = Function(name: "main", location: operation.location)
    var names: [ValueID: ValueID] = [:]
    func define(_ value: ValueID) -> ValueID {
      let name = ValueID(alone.types.count)
      alone.types.append(wide[value])
      names[value] = name
      return name
    }
    alone.parameters = operands.map(define)
    var copy = operation
    copy.operands = operation.operands.compactMap { names[$0] }
    copy.results = operation.results.map(define)
    alone.operations = [copy]
    alone.results = copy.results
    // Operands that the operation does not let a derivative through are left out one by one.
    let floats = operands.indices.filter { wide[operands[$0]].element.isFloat }
    for chosen in [floats] + floats.map({ [$0] }) where !chosen.isEmpty {
      let found = try? check(kind, of: alone, chosen, at: values)
      if found?.outcome == .failed { return culprit(operation, alone) }
    }
    return nil
  }

  /// A culprit with its program.
  private func culprit(_ operation: Operation, _ program: Function) -> Verification.Culprit {
    Verification.Culprit(
      operation: operation.op.mnemonic, location: operation.location,
      program: Module(functions: [program]).description)
  }
}

// MARK: - Subjects

extension Recording {
  /// Checks the recorded function at its arguments and at random ones.
  func verification(points: Int, seed: UInt64) throws -> Verification {
    do {
      let known = try Evaluation.known(arguments + traced.captures, at: location)
      return try FunctionVerification(
        function: traced.function, differentiated: floatArguments, seed: seed,
        options: CompileOptions()
      ).run(at: known.map { TensorData($0) }, points: points, moving: arguments.count)
    } catch let error as AdjointError {
      throw error.placed(at: location)
    }
  }
}

extension Program {
  /// Checks a function (nil for the one that runs when none is named) and, where parameters are
  /// named, its derivatives, at given arguments or ones drawn from a seed.
  ///
  /// - Throws: `AdjointError` for a function that is not there or has no derivative.
  package func verification(
    of name: String?, differentiating parameters: [Int]?, at given: [TensorData]?, seed: UInt64,
    options: CompileOptions
  ) throws -> Verification {
    let function = try inlined(name)
    if let parameters {
      // The same errors as a gradient of the function gives.
      _ = try function.simplified().withGradient(of: parameters)
    }
    let subject = CheckSubject(program: self, function: name, seed: seed, given: given)
    var results = function
    if parameters != nil { results.results = Array(function.results.prefix(1)) }
    return try FunctionVerification(
      function: results, differentiated: parameters ?? [], seed: seed, options: options
    ).run(at: subject.arguments(), points: 1, moving: 0)
  }
}

extension FunctionVerification {
  /// Runs the checks at some arguments, and then at others whose first ones of floats are random.
  fileprivate func run(
    at arguments: [TensorData], points: Int, moving count: Int
  ) throws -> Verification {
    var report = Verification(checks: [])
    var drawing = InputDrawing(seed: seed &+ 3)
    for point in 0..<max(1, points) {
      let place = try arguments.enumerated().map { position, argument in
        point > 0 && position < count && argument.type.element.isFloat
          ? try drawing.draw(argument.type) : argument
      }
      let found = try checks(at: place)
      report.merge(found)
      if report.culprit == nil { report.culprit = culprit(of: found, at: place) }
    }
    return report
  }
}

extension Function {
  /// A function of one scalar result: the sum of some values' elements, those of floats, each times a
  /// random sign.
  fileprivate func weightedSum(of values: [ValueID], seed: UInt64) throws -> Function {
    var builder = FunctionBuilder(continuing: self, name: name)
    var drawing = InputDrawing(seed: seed &+ 4)
    var sum: ValueID?
    let floats = values.filter { self[$0].element.isFloat }
    guard let element = floats.first.map({ self[$0].element }) else {
      throw AdjointError(.notDifferentiable, "there is no result of floats", at: location)
    }
    if floats.count == 1, self[floats[0]].isScalar {
      return builder.finish(returning: floats)
    }
    for value in floats {
      let type = self[value]
      let signs = try builder.constant(Literal(type, doubles: drawing.drawSigns(type)))
      let product = try builder.multiply(value, signs)
      let part = try builder.convert(
        builder.reduce(.add, product, dimensions: Array(0..<type.rank)), to: element)
      sum = try sum.map { try builder.add($0, part) } ?? part
    }
    return builder.finish(returning: sum.map { [$0] } ?? [])
  }

  /// Where operations give floats that depend on some parameters.
  fileprivate func positions(dependingOn indices: [Int]) -> [Int] {
    var reached = Set(indices.map { parameters[$0] })
    return operations.indices.filter { position in
      let operation = operations[position]
      guard operation.operands.contains(where: reached.contains) else { return false }
      reached.formUnion(operation.results)
      return operation.results.contains { self[$0].element.isFloat }
    }
  }

  /// The function without operations that no result needs.
  fileprivate func withoutUnneeded() -> Function {
    var function = self
    _ = function.dropUnneeded()
    return function
  }
}
