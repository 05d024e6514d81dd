import TensorIR
import Testing

/// Operations that a builder finds among those before.
struct WrittenAgainTests {
  private let type = TensorType([2], .f32)

  @Test func functionsOfOneValueAreFoundHoweverManyThereAre() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    var first: [ValueID] = []
    for _ in 0..<3 {
      var values: [ValueID] = []
      for limit in 0..<300 {
        let shape = ShapeOp.pad(low: [limit], high: [0], interior: [0])
        let zero = try builder.emitOnce(
          .constant(Literal(TensorType([], .f32), filledWith: 0)), [], at: .unknown)
        values.append(try builder.emitOnce(.shape(shape), [x, zero], at: .unknown))
      }
      if first.isEmpty { first = values }
      #expect(values == first)
    }
    #expect(builder.function.operations.count == 301)
    #expect(builder.sharedCount == 3 * 600 - 301)
  }

  @Test func theFirstPlaceStays() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    let places = [1, 2].map { TensorIR.SourceLocation(file: "F/a.swift", line: $0) }
    let values = try places.map { try builder.emitOnce(.unary(.sine), [x], at: $0) }
    #expect(values[0] == values[1])
    #expect(builder.definition(of: values[0])?.location.line == 1)
  }

  @Test func scopesNamesAndWallsStayApart() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    var places = [TensorIR.SourceLocation](repeating: .unknown, count: 4)
    places[1].trail.scopes = [1]
    places[2].trail.scopes = [1, 2]
    places[3].trail.name = "kept"
    for _ in 0..<2 {
      let values = try places.map { try builder.emitOnce(.unary(.sine), [x], at: $0) }
      #expect(Set(values).count == 4)
    }
    #expect(builder.sharedCount == 4)
    let walls = try (0..<2).map { _ in
      try builder.emitAllOnce(.optimizationBarrier, [x], at: .unknown)
    }
    #expect(walls[0] != walls[1])
  }

  @Test func forgottenOperationsAreWrittenAgain() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    let first = try builder.emitOnce(.unary(.sine), [x], at: .unknown)
    builder.forgetExpressions()
    let second = try builder.emitOnce(.unary(.sine), [x], at: .unknown)
    #expect(first != second)
    #expect(try builder.emitOnce(.unary(.sine), [x], at: .unknown) == second)
  }

  @Test func operationsThatDoNotFitAreRefusedEachTime() throws {
    var builder = FunctionBuilder(name: "main")
    let x = builder.parameter(type)
    let y = builder.parameter(TensorType([3], .f32))
    for _ in 0..<2 {
      #expect(throws: AdjointError.self) {
        try builder.emitOnce(.binary(.add), [x, y], at: .unknown)
      }
    }
    #expect(builder.function.operations.isEmpty)
  }
}
