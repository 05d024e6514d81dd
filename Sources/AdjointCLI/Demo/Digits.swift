import Adjoint
import Foundation

/// The bundled handwritten digits, split into a part to train on and a part to test on.
struct Digits {
  /// Pixels of a digit.
  static let pixelCount = 64
  /// Different digits.
  static let classCount = 10

  /// Some digits.
  struct Part {
    /// Pixels from 0 to 1 of each digit, row by row.
    var images: [[Float]] = []
    /// The digit that each image shows.
    var labels: [Int] = []
  }

  /// Four fifths.
  private(set) var training = Part()
  /// The rest.
  private(set) var test = Part()

  /// Reads the digits and splits them in an order drawn from a seed.
  ///
  /// - Throws: `AdjointError` where the file is not beside the program or not as expected.
  init(splitSeed: UInt64) throws {
    let rows = try Self.rows(of: Self.path())
    var generator = SplitMix64(seed: splitSeed)
    let trainingCount = rows.count * 4 / 5
    for (position, row) in rows.shuffled(using: &generator).enumerated() {
      let part = position < trainingCount ? \Digits.training : \Digits.test
      self[keyPath: part].images.append(row.dropLast().map { Float($0) / 16 })
      self[keyPath: part].labels.append(row[Self.pixelCount])
    }
  }

  /// The path of the file in the resources that stand beside the program.
  private static func path() throws -> String {
    let program = Bundle.main.executableURL?.resolvingSymlinksInPath().deletingLastPathComponent()
    let names = ["Adjoint_AdjointCLI.resources", "Adjoint_AdjointCLI.bundle"]
    let candidates = names.compactMap { program?.appending(path: $0 + "/digits.csv").path }
    if let found = candidates.first(where: FileManager.default.fileExists(atPath:)) { return found }
    throw AdjointError(.file, "the digits are not beside the program; run it where it was built")
  }

  /// The numbers of each row: pixels, then the digit.
  private static func rows(of path: String) throws -> [[Int]] {
    guard let data = FileManager.default.contents(atPath: path) else {
      throw AdjointError(.file, "the file cannot be read", at: SourceLocation(file: path, line: 0))
    }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    return try lines.enumerated().map { index, line in
      let row = line.split(separator: ",").compactMap { Int($0) }
      guard row.count == pixelCount + 1, row.allSatisfy({ (0...16).contains($0) }),
        row[pixelCount] < classCount
      else {
        throw AdjointError(
          .file, "a row must be 64 pixels from 0 to 16 and a digit",
          at: SourceLocation(file: path, line: index + 1))
      }
      return row
    }
  }
}

extension Digits.Part {
  /// The images and one-hot labels at some positions.
  func batch(_ positions: [Int]) -> (images: Tensor<Float>, labels: Tensor<Float>) {
    var labels = [Float](repeating: 0, count: positions.count * Digits.classCount)
    for (row, position) in positions.enumerated() {
      labels[row * Digits.classCount + self.labels[position]] = 1
    }
    return (
      Tensor(
        shape: [positions.count, Digits.pixelCount], scalars: positions.flatMap { images[$0] }),
      Tensor(shape: [positions.count, Digits.classCount], scalars: labels)
    )
  }

  /// The same digits with each image moved by a pixel in a random direction, or not at all.
  func jittered(using generator: inout SplitMix64) -> Digits.Part {
    var part = self
    for index in part.images.indices {
      let (right, down) =
        [(0, 0), (1, 0), (-1, 0), (0, 1), (0, -1)].randomElement(
          using: &generator) ?? (0, 0)
      part.images[index] = Self.moved(images[index], right: right, down: down)
    }
    return part
  }

  /// An 8×8 image moved by whole pixels; what comes in is empty.
  private static func moved(_ image: [Float], right: Int, down: Int) -> [Float] {
    (0..<64).map { index in
      let (row, column) = (index / 8 - down, index % 8 - right)
      return (0..<8).contains(row) && (0..<8).contains(column) ? image[row * 8 + column] : 0
    }
  }
}
