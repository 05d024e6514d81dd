import Foundation
import Testing

@testable import Adjoint

/// `.npy` files, well and badly formed.
struct NPYTests {
  @Test(arguments: ElementType.allCases, [[], [0], [3], [2, 3], [1, 2, 1]] as [[Int]])
  func roundTrip(element: ElementType, shape: [Int]) throws {
    let type = TensorType(shape, element)
    let data = try TensorData(type, doubles: (0..<type.count).map { Double($0 % 2) })
    let again = try TensorData(npyContents: data.npyContents)
    let written: ElementType = element == .i4 ? .i8 : element == .u4 ? .u8 : element
    #expect(again.type == TensorType(shape, written))
    #expect(again.doubles == data.doubles)
    #expect((data.npyContents.count - type.byteCount) % 64 == 0)
  }

  @Test func filesOnDisk() throws {
    let path = FileManager.default.temporaryDirectory.path + "/adjoint-\(UUID().uuidString).npy"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Tensor<Float>([[1, 2], [3, 4]]).data().write(npy: path)
    #expect(try Tensor<Float>(TensorData(npy: path)).scalars() == [1, 2, 3, 4])
    #expect(throws: AdjointError.self) { _ = try Tensor<Double>(TensorData(npy: path)) }
  }

  @Test func pathsStandInFrontOfMessages() {
    let error = #expect(throws: AdjointError.self) { _ = try TensorData(npy: "/no/such.npy") }
    #expect(error?.description == "/no/such.npy: the file cannot be read")
    let other = #expect(throws: AdjointError.self) {
      try Tensor<Float>(1).data().write(npy: "/no/such/folder.npy")
    }
    #expect(other?.description == "/no/such/folder.npy: the file cannot be written")
  }

  /// A file with the given header text and payload.
  private func file(_ header: String, payload: Int = 0, version: UInt8 = 1) -> [UInt8] {
    let length = UInt8(header.utf8.count)
    let size: [UInt8] = version == 1 ? [length, 0] : [length, 0, 0, 0]
    return NPYHeader.magic + [version, 0] + size + Array(header.utf8)
      + Array(repeating: 0, count: payload)
  }

  @Test func byteOrders() throws {
    let header = "{'descr': '>i2', 'fortran_order': False, 'shape': (2,)}"
    let data = try TensorData(npyContents: file(header) + [0x01, 0x02, 0xFF, 0xFE])
    #expect(data.type == TensorType([2], .i16))
    #expect(data.doubles == [258, -2])
  }

  @Test func axisOrders() throws {
    let header = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 2)}"
    let data = try TensorData(npyContents: file(header) + Array(0..<12))
    #expect(data.doubles == [0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11])
  }

  /// NumPy has no such type; the package `ml_dtypes` writes two bytes of none.
  @Test func shortFloats() throws {
    let brain = "{'descr': '<V2', 'fortran_order': False, 'shape': (3,)}"
    let data = try TensorData(npyContents: file(brain) + [0x80, 0x3F, 0x49, 0xC0, 0x80, 0xFF])
    #expect(data.type == TensorType([3], .bf16))
    #expect(data.doubles == [1, -3.140625, -.infinity])
    let half = "{'descr': '<f2', 'fortran_order': False, 'shape': (2,)}"
    #expect(
      try TensorData(npyContents: file(half) + [0x00, 0x3C, 0x01, 0x00]).doubles == [1, 0x1p-24])
  }

  @Test func otherSpellings() throws {
    let spaced = file(
      "{\"shape\" : ( 2L , ) ,'fortran_order':True,'descr':'<i4'}\n", payload: 8, version: 2)
    #expect(try TensorData(npyContents: spaced).type == TensorType([2], .i32))
  }

  @Test(arguments: [
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", 7,
      "tensor<2xf32> takes 8 bytes, and the file holds 7"
    ),
    (
      "{'descr': '<c32', 'fortran_order': False, 'shape': (2,)}", 16,
      """
      element type '<c32' is not one of |b1, |i1, <i2, <i4, <i8, |u1, <u2, <u4, <u8, <f2, <V2, <f4, \
      <f8, <c8, <c16
      """
    ),
    (
      "{'descr': '<f4', 'fortran_order': False}", 8,
      "the .npy header needs 'descr', 'fortran_order' and 'shape'"
    ),
    ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)", 8, "the .npy header lacks '}'"),
    (
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}", 8,
      "the .npy header lacks True or False"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}", 8,
      "the .npy header lacks an extent"
    ),
    (
      "{'descr': '<f4', 'shape': (4611686018427387904, 4)}", 8,
      "the .npy header needs 'descr', 'fortran_order' and 'shape'"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", 8,
      "shape [4611686018427387904, 4] has no size"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", 8,
      "the .npy header lacks an extent"
    ),
    ("{'descr: '<f4'}", 8, "the .npy header lacks ':'"),
    ("{'color': 'red'}", 8, "the .npy header has an unknown entry 'color'"),
    ("", 8, "the .npy header lacks '{'"),
  ])
  func malformedHeaders(header: String, payload: Int, message: String) {
    let error = #expect(throws: AdjointError.self) {
      _ = try TensorData(npyContents: file(header, payload: payload))
    }
    #expect(error?.message == message)
  }

  @Test func everyCutFileIsAnError() throws {
    let whole = try TensorData(TensorType([2, 3], .f64), doubles: [1, 2, 3, 4, 5, 6]).npyContents
    for count in whole.indices {
      #expect(throws: AdjointError.self) {
        _ = try TensorData(npyContents: Array(whole.prefix(count)))
      }
    }
    for position in [0, 1, 2, 3, 4, 5, 6, 8, 9, 10] {
      var broken = whole
      broken[position] ^= 0xFF
      #expect(throws: AdjointError.self) { _ = try TensorData(npyContents: broken) }
    }
  }

  @Test func booleansAreZeroOrOne() {
    let header = "{'descr': '|b1', 'fortran_order': False, 'shape': (1,)}"
    #expect(throws: AdjointError.self) { _ = try TensorData(npyContents: file(header) + [2]) }
  }
}
