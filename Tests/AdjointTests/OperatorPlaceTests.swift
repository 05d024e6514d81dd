import Adjoint
import Testing

private typealias Vector = Tensor<Double>

#if os(Linux)
  /// Mistakes of operators carry the line of the operator, which is looked up in the program's line table.
  struct OperatorPlaceTests {
    private let matrix = Tensor<Double>.zeros([2, 3])

    /// The line of the error that `body` throws, in this file.
    private func line(_ body: () throws -> Void) -> Int? {
      do {
        try body()
        return nil
      } catch let error as AdjointError {
        #expect(error.location.file == #fileID)
        return error.location.line
      } catch {
        return nil
      }
    }

    @Test func outsideOfClosures() {
      let line = #line + 1
      let failed = matrix + Vector.zeros([4])
      #expect(self.line { _ = try failed.scalars() } == line)
    }

    @Test func insideOfClosuresAndNotWhereTheyAreCompiled() {
      let line = #line + 3
      let function = jit { (x: Tensor<Double>) in
        let y = 2 * x
        let z = y + Vector.zeros([4])
        return z
      }
      #expect(self.line { _ = try function(matrix) } == line)
    }

    @Test func theOneThatIsWrongInALongExpression() {
      let line = #line + 3
      let failed =
        matrix * 2
        - Vector.zeros([4])
        + 1
      #expect(self.line { _ = try failed.scalars() } == line)
    }

    @Test func assignmentsComparisonsNumbersAndPrefixes() {
      var changed = matrix
      let line = #line + 1
      changed += Vector.zeros([4])
      #expect(self.line { _ = try changed.scalars() } == line)
      let (less, rest, both) = (
        matrix .< Vector.zeros([4]),
        matrix % Vector.zeros([4]),
        (matrix .> 0) & Tensor<Bool>([true, false])
      )
      #expect(self.line { _ = try less.scalars() } == line + 3)
      #expect(self.line { _ = try rest.scalars() } == line + 4)
      #expect(self.line { _ = try both.scalars() } == line + 5)
    }

    @Test func expansionsOfMacrosHaveThePlaceOfTheRequest() {
      #expect(self.line { _ = try (matrix + Vector.zeros([4])).scalars() } == #line)
    }

    @Test func treesOfTensors() {
      let (model, other) = (["w": matrix], ["w": Vector.zeros([4])])
      let line = #line + 1
      let failed = model - 0.1 * other
      #expect(self.line { _ = try failed["w"]?.scalars() } == line)
    }

    @Test func libraryFunctionsHaveThePlaceOfTheirCall() {
      #expect(self.line { _ = try meanSquaredError(matrix, Vector.zeros([4])).item() } == #line)
    }
  }
#endif
