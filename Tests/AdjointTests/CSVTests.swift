import Adjoint
import Foundation
import TestSupport
import Testing

/// Tables of numbers as text.
@Suite struct CSVTests {
  @Test func tablesAreReadAndWritten() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/table.csv"
    try "a,b\r\n1.5, -2\n\n\"3\",1e-3\n".write(toFile: path, atomically: true, encoding: .utf8)
    let table = try Tensor<Double>(csv: path, headerLines: 1)
    #expect(try [[Double]](table) == [[1.5, -2], [3, 0.001]])
    let copy = folder.path + "/copy.csv"
    try (table / 3).write(csv: copy, separator: ";", header: "x;y")
    let again = try Tensor<Double>(csv: copy, separator: ";", headerLines: 1)
    #expect(try again.scalars() == (table / 3).scalars())
    try Tensor<Int32>([7, 8]).write(csv: copy)
    #expect(try [[Int32]](Tensor<Int32>(csv: copy)) == [[7], [8]])
    try "".write(toFile: copy, atomically: true, encoding: .utf8)
    #expect(try Tensor<Float>(csv: copy).shape == [0, 0])
  }

  @Test(arguments: [
    ("1,2\n3\n", "bad.csv:2: the row has 1 fields, and the first one has 2"),
    ("1,2\n\n3,four\n", "bad.csv:3: \"four\" is no number of type Float"),
    ("1,,2\n", "bad.csv:1: \"\" is no number of type Float"),
  ]) func mistakesNameTheLine(_ text: String, _ message: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/bad.csv"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    let error = #expect(throws: AdjointError.self) { try Tensor<Float>(csv: path) }
    #expect("\(try #require(error))".hasSuffix(message))
    let absent = #expect(throws: AdjointError.self) { try Tensor<Float>(csv: path + "x") }
    #expect("\(try #require(absent))".hasSuffix("bad.csvx: the file cannot be read"))
    let deep = #expect(throws: AdjointError.self) {
      try Tensor<Float>.zeros([1, 1, 1]).write(csv: path)
    }
    #expect("\(try #require(deep))".contains("a table has two axes"))
  }
}
