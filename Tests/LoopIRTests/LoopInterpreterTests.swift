import LoopIR
import TensorIR
import Testing

/// Hand-built kernels give the numbers that plain Swift gives.
@Suite struct LoopInterpreterTests {
  @Test func layerNorm() throws {
    let (x, g) = (ramp([10, 20], from: -3, by: 0.37), ramp([20], from: 0.5, by: 0.25))
    let y = try LoopInterpreter.run(SampleProgram.layerNorm(), arguments: [x, g])[0].doubles
    for row in 0..<10 {
      let values = x.doubles[(row * 20)..<(row * 20 + 20)]
      let mean = values.reduce(0, +) / 20
      let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 20
      for (column, value) in values.enumerated() {
        let expected = (value - mean) / (variance + 1e-5).squareRoot() * g.doubles[column]
        #expect(abs(y[row * 20 + column] - expected) < 1e-4)
      }
    }
  }

  @Test func columnSums() throws {
    let (x, w) = (ramp([8, 5], from: -20, by: 1), ramp([8], from: 1, by: 1))
    let results = try LoopInterpreter.run(SampleProgram.columnSums(), arguments: [x, w])
    let expected = (0..<5).map { column in
      (0..<8).reduce(0.0) { $0 + x.doubles[$1 * 5 + column] * w.doubles[$1] }
    }
    #expect(results[0].doubles == expected)
    #expect(results[1].doubles == [19])
  }

  @Test(arguments: [true, false])
  func product(isCut: Bool) throws {
    let x = ramp([7, 3], from: -4, by: 1)
    let (w, b) = (ramp([3, 10], from: -10, by: 1), ramp([10], from: -8, by: 2))
    let h = try LoopInterpreter.run(SampleProgram.dense(isCut: isCut), arguments: [x, w, b])
    var expected = [Double]()
    for row in 0..<7 {
      for column in 0..<10 {
        let sum = (0..<3).reduce(b.doubles[column]) {
          $0 + x.doubles[row * 3 + $1] * w.doubles[$1 * 10 + column]
        }
        expected.append(max(sum, 0))
      }
    }
    #expect(h[0].doubles == expected)
    #expect(expected.contains(0) && expected.contains { $0 > 0 })
  }

  @Test func guardsLookupsAndLocals() throws {
    let results = try LoopInterpreter.run(
      SampleProgram.lookups(),
      arguments: [
        floats([6], [1, 2, 4, 8, 16, 32]), Literal(TensorType([2], .i32), integers: [2, -7]),
      ])
    // y = [32, 15, 6, 0, -6, -15]; row 2 of the table, then row 0 for the index below the start.
    #expect(results[0].doubles == [35, 18.5, 10, 0, -5.5, -14])
    // i = 1 and 3 are odd and below 4: 3 + 7.
    #expect(results[1].integers == [10])
  }

  @Test func localsOfLanesAreForgotten() throws {
    #expect(throws: Never.self) { try Self.lanes(readsFirst: false) }
    #expect(throws: AdjointError.self) { try Self.lanes(readsFirst: true) }
  }

  /// Runs a vector loop with an array of each lane, read before or after it is written.
  @discardableResult
  private static func lanes(readsFirst: Bool) throws -> [Literal] {
    var program = LoopProgram(name: "lanes")
    program.buffers = [Buffer(name: "y", type: TensorType([4], .f32), storage: .result(0))]
    var k = KernelSketch("k0", slots: [0])
    var local = Kernel.Local(element: .f32, count: 1)
    local.isPerLane = true
    k.kernel.locals = [local]
    let i = k.variable("i", 4)
    var write = [Node]()
    let number = k.define(.index(IndexExpression(i), .f32), in: &write)
    write.append(.store(Store(.local(0), IndexExpression(0), number)))
    var read = [Node]()
    let kept = k.define(.load(.local(0), IndexExpression(0), condition: nil), in: &read)
    read.append(.store(Store(.slot(0), IndexExpression(i), kept)))
    k.kernel.body = [
      loop(i, .vector(width: 2, interleave: 1), readsFirst ? read + write : write + read)
    ]
    program.append(k.kernel)
    try program.verify()
    return try LoopInterpreter.run(program, arguments: [])
  }

  @Test func resultsMustBeWritten() throws {
    var program = SampleProgram.columnSums()
    program.kernels[1].body.removeLast()
    let arguments = [ramp([8, 5], from: 0, by: 1), ramp([8], from: 1, by: 1)]
    let error = #expect(throws: AdjointError.self) {
      try LoopInterpreter.run(program, arguments: arguments)
    }
    #expect(error?.message == "element 0 of result m is never written")
  }

  @Test func argumentsMustFit() throws {
    let error = #expect(throws: AdjointError.self) {
      try LoopInterpreter.run(SampleProgram.columnSums(), arguments: [ramp([8], from: 0, by: 1)])
    }
    #expect(error?.kind == .argument)
  }

  // MARK: Functions of scalars

  /// `y[i] = op(x[i], …)` over operands of equal type.
  private func apply(
    _ op: ScalarOp, _ operands: [Literal], result: ElementType
  ) throws -> Literal {
    var program = LoopProgram(name: "apply")
    let count = operands[0].type.count
    for (position, operand) in operands.enumerated() {
      program.buffers.append(
        Buffer(name: "x\(position)", type: operand.type, storage: .argument(position)))
    }
    program.buffers.append(
      Buffer(name: "y", type: TensorType([count], result), storage: .result(0)))
    var k = KernelSketch("k0", slots: Array(program.buffers.indices))
    let i = k.variable("i", count)
    var body = [Node]()
    let loads = operands.enumerated().map { position, operand in
      k.load(position, IndexExpression(i), operand.type.element, in: &body)
    }
    let value = k.define(.apply(op, loads), result, in: &body)
    body.append(.store(Store(.slot(operands.count), IndexExpression(i), value)))
    k.kernel.body = [loop(i, body)]
    program.append(k.kernel)
    try program.verify()
    return try LoopInterpreter.run(program, arguments: operands)[0]
  }

  @Test(arguments: [
    (BinaryOp.divide, [7, -7, 7, -128, 5], [2, 2, -2, -1, 0], [3, -3, -3, 128, -1]),
    (.power, [2, -2, 3, -1, 7], [10, 3, 0, -3, -1], [1024, -8, 1, -1, 0]),
    (.maximum, [1, -4], [2, -5], [2, -4]),
    (.and, [6, -1], [3, 12], [2, 12]),
  ])
  func integers(op: BinaryOp, left: [Int64], right: [Int64], expected: [Int64]) throws {
    let type = TensorType([left.count], .i64)
    let result = try apply(
      .binary(op), [Literal(type, integers: left), Literal(type, integers: right)], result: .i64)
    #expect(result.integers == expected)
  }

  @Test func integersWrapAtTheirWidth() throws {
    let type = TensorType([2], .i32)
    let result = try apply(
      .binary(.add),
      [Literal(type, integers: [.init(Int32.max), -5]), Literal(type, integers: [1, 2])],
      result: .i32)
    #expect(result.integers == [Int64(Int32.min), -3])
  }

  @Test func floatsRoundToTheirWidth() throws {
    let third = try apply(
      .binary(.divide), [floats([1], [1]), floats([1], [3])], result: .f32)
    #expect(third.doubles == [Double(Float(1) / 3)])
    let lost = try apply(
      .binary(.add), [floats([1], [16_777_216]), floats([1], [1])], result: .f32)
    #expect(lost.doubles == [16_777_216])
  }

  @Test func extremesOfFloats() throws {
    let (a, b) = (floats([3], [-0.0, .nan, 1]), floats([3], [0, 1, 2]))
    let least = try apply(.binary(.minimum), [b, a], result: .f32).doubles
    #expect(least[0].sign == .minus && least[1].isNaN && least[2] == 1)
    let greatest = try apply(.binary(.maximum), [a, b], result: .f32).doubles
    #expect(greatest[0].sign == .plus && greatest[1].isNaN && greatest[2] == 2)
  }

  @Test(arguments: [
    (UnaryOp.sign, [-2.5, 0, 3], [-1.0, 0, 1]),
    (.square, [-3, 0.5, 2], [9, 0.25, 4]),
    (.rsqrt, [4, 16, 0.25], [0.5, 0.25, 2]),
    (.logistic, [0, 100, -200], [0.5, 1, 0]),
    (.floor, [-0.5, 1.5, 2], [-1, 1, 2]),
    (.erf, [0, 10, -10], [0, 1, -1]),
    (.exponentialMinusOne, [0, 1, -50], [0, Double(Float(1.718281828459045)), -1]),
  ])
  func functions(op: UnaryOp, operand: [Double], expected: [Double]) throws {
    let result = try apply(.unary(op), [floats([3], operand)], result: .f32)
    for (value, wanted) in zip(result.doubles, expected) { #expect(abs(value - wanted) < 1e-7) }
  }

  @Test(arguments: [
    (ElementType.i32, [1.9, -1.9, 1e20, .nan], [1, -1, Double(Int32.max), 0]),
    (.i64, [2.5, -7, 1e3, 0], [2, -7, 1000, 0]),
    (.i1, [0.5, 0, -0.0, .nan], [1, 0, 0, 1]),
    (.f64, [0.1, 1, 2, 3], [Double(Float(0.1)), 1, 2, 3]),
  ])
  func conversions(to element: ElementType, operand: [Double], expected: [Double]) throws {
    let result = try apply(.convert(to: element), [floats([4], operand)], result: element)
    #expect(result.doubles == expected)
  }

  @Test func comparisonsAndChoices() throws {
    let (a, b) = (floats([3], [1, .nan, 3]), floats([3], [2, 1, 3]))
    #expect(try apply(.compare(.less), [a, b], result: .i1).integers == [1, 0, 0])
    #expect(try apply(.compare(.notEqual), [a, b], result: .i1).integers == [1, 1, 0])
    let predicate = Literal(TensorType([3], .i1), integers: [1, 0, 1])
    #expect(try apply(.select, [predicate, a, b], result: .f32).doubles == [1, 1, 3])
  }
}
