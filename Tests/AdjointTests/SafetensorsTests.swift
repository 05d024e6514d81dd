import Adjoint
import Foundation
import Testing

/// Files of whole trees, and numbers drawn with generators.
struct SafetensorsTests {
  /// A path in the temporary folder.
  private func path(_ name: String) -> String {
    FileManager.default.temporaryDirectory
      .appending(path: "adjoint-\(UUID().uuidString)-\(name)").path
  }

  @Test func treesComeBack() throws {
    let file = path("tree.safetensors")
    defer { try? FileManager.default.removeItem(atPath: file) }
    let tree: [String: [Tensor<Float>]] = ["a": [[1, 2], [[3], [4]]], "b": [5, []]]
    try tree.write(safetensors: file)
    var copy = tree.zeroed()
    try copy.read(safetensors: file)
    #expect(try copy["a"]?[1].scalars() == [3, 4])
    #expect(try copy["b"]?[0].item() == 5)
    let all = try [String: Tensor<Float>](safetensors: file)
    #expect(all.keys.sorted() == ["a[0]", "a[1]", "b[0]", "b[1]"])
    #expect(try all["a[0]"]?.scalars() == [1, 2])
    #expect(all["b[1]"]?.shape == [0])
    #expect(try [String: Tensor<Int32>](safetensors: file).isEmpty)
    // The layout that other readers expect.
    let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
    let length = Int(bytes[0]) | Int(bytes[1]) << 8
    let header = try #require(String(data: bytes[8..<(8 + length)], encoding: .utf8))
    #expect(header.contains(#""a[0]":{"data_offsets":[0,8],"dtype":"F32","shape":[2]}"#))
    #expect(bytes.count == 8 + length + 20)
  }

  @Test func filesThatDoNotFit() throws {
    let file = path("bad.safetensors")
    defer { try? FileManager.default.removeItem(atPath: file) }
    var tensors: [String: Tensor<Float>] = ["x": [1, 2]]
    #expect(message { try tensors.read(safetensors: file) } == "the file cannot be read")
    try ["y": Tensor<Float>([1, 2])].write(safetensors: file)
    #expect(message { try tensors.read(safetensors: file) } == "the file holds no tensor x")
    try ["x": Tensor<Double>([1, 2])].write(safetensors: file)
    #expect(message { try tensors.read(safetensors: file) }.hasPrefix("x is F64 of shape [2]"))
    for bytes in [[], [1, 2], [255, 0, 0, 0, 0, 0, 0, 255], [2, 0, 0, 0, 0, 0, 0, 0, 91, 93]] {
      try Data(bytes.map(UInt8.init)).write(to: URL(fileURLWithPath: file))
      #expect(throws: AdjointError.self) { try tensors.read(safetensors: file) }
    }
    #expect(try tensors["x"]?.scalars() == [1, 2])
  }

  @Test func arraysInFilesOfNumPy() throws {
    let file = path("x.npy")
    defer { try? FileManager.default.removeItem(atPath: file) }
    try Tensor<Float>([1, 2]).write(npy: file)
    #expect(try Tensor<Float>(npy: file).scalars() == [1, 2])
    #expect(throws: AdjointError.self) { try Tensor<Double>(npy: file) }
  }

  @Test func numbersDrawnWithGenerators() throws {
    var generator = SystemRandomNumberGenerator()
    let normal = Tensor<Float>.randomNormal([3], using: &generator)
    #expect(try normal.scalars() != Tensor<Float>.randomNormal([3], using: &generator).scalars())
    let whole = try Tensor<Int32>.random([100], in: 0..<10, seed: 1).scalars()
    #expect(whole.allSatisfy { (0..<10).contains($0) })
    #expect(Set(whole).count == 10)
    let flags = Tensor<Bool>.randomBernoulli([1000], probability: 0.25, seed: 1)
    #expect(try abs(Int(flags.trueCount().item()) - 250) < 50)
    #expect(throws: AdjointError.self) { try Tensor<Int32>.random([1], in: 3..<3, seed: 1).item() }
  }
}
