import TensorIR

/// What a value's cotangent is made of so far: one tensor of its shape, and cotangents of regions,
/// which wait so that neighbours can be joined instead of being padded and added one by one.
struct Cotangent {
  /// The cotangent of a region.
  struct Piece {
    /// Where it belongs.
    var region: Window
    /// The cotangent, of the region's shape.
    var value: ValueID
    /// The place of the slice it comes from.
    var location: SourceLocation
  }

  /// The sum of what reached the whole value; nil is zero.
  var dense: ValueID?
  /// What reached parts of it, none of them empty.
  var pieces: [Piece] = []
}

/// The elements of a tensor that a slice reads.
struct Window: Hashable {
  /// The first index along each axis.
  var starts: [Int]
  /// One past the last index along each axis.
  var limits: [Int]
  /// The distance between neighbours along each axis.
  var strides: [Int]

  /// The region of a slice; limits are lowered to the last element read and strides along axes with
  /// a single element to one, so that equal regions compare equal.
  init(starts: [Int], limits: [Int], strides: [Int]) {
    self.starts = starts
    self.limits = limits
    self.strides = strides
    for axis in starts.indices where limits[axis] > starts[axis] {
      let last = (limits[axis] - starts[axis] - 1) / strides[axis]
      self.limits[axis] = starts[axis] + last * strides[axis] + 1
      if last == 0 { self.strides[axis] = 1 }
    }
  }

  /// The region without what it says about one axis.
  func removing(axis: Int) -> Window {
    var rest = self
    (rest.starts[axis], rest.limits[axis], rest.strides[axis]) = (0, 0, 1)
    return rest
  }
}

extension FunctionBuilder {
  /// The cotangent as one tensor.
  ///
  /// Pieces of equal regions are added. Then, one axis after the other from the last, pieces that
  /// agree beside the axis and do not overlap are joined by one `concatenate`, gaps filled with
  /// zeros. What is left is padded and added.
  ///
  /// What is added to something else is filled with −0, which changes no sum, so that beside a piece
  /// nothing is left of it.
  ///
  /// - Complexity: O(p log p) for p pieces; the elements written are at most the layers that overlap
  ///   times those of the tensor, for each axis.
  mutating func assembled(_ cotangent: Cotangent, as type: TensorType) throws -> ValueID? {
    var pieces = try addingEqualRegions(cotangent.pieces)
    let nothing = type.element.isFloat ? -0.0 : 0
    var sum = cotangent.dense
    for axis in type.shape.indices.reversed() where pieces.count > 1 {
      pieces = try addingEqualRegions(
        joining(
          pieces, along: axis, extent: type.shape[axis], filler: sum == nil ? 0 : nothing))
    }
    for piece in pieces {
      location = piece.location
      let strides = piece.region.strides
      let part = try padded(
        piece.value, low: piece.region.starts,
        high: zip(type.shape, piece.region.limits).map { $0 - $1 },
        interior: strides.map { $0 - 1 }, filler: sum == nil ? 0 : nothing)
      sum = try sum.map { try add($0, part) } ?? part
    }
    return sum
  }

  /// The pieces with those of one region added up, in order of first appearance.
  private mutating func addingEqualRegions(
    _ pieces: [Cotangent.Piece]
  ) throws -> [Cotangent.Piece] {
    var sums: [Cotangent.Piece] = []
    var places: [Window: Int] = [:]
    for piece in pieces {
      guard let place = places[piece.region] else {
        places[piece.region] = sums.count
        sums.append(piece)
        continue
      }
      location = piece.location
      sums[place].value = try add(sums[place].value, piece.value)
    }
    return sums
  }

  /// The pieces with those that follow one another along an axis joined.
  ///
  /// Where there are many pieces and axes left to join them along, joined pieces are also extended
  /// over the whole axis, so that those of different lengths can be joined later.
  private mutating func joining(
    _ pieces: [Cotangent.Piece], along axis: Int, extent: Int, filler: Double
  ) throws -> [Cotangent.Piece] {
    var groups: [[Cotangent.Piece]] = []
    var places: [Window: Int] = [:]
    for piece in pieces {
      guard piece.region.strides[axis] == 1 else {
        groups.append([piece])
        continue
      }
      let key = piece.region.removing(axis: axis)
      if let place = places[key] {
        groups[place].append(piece)
      } else {
        places[key] = groups.count
        groups.append([piece])
      }
    }
    let isExtending = groups.count > 1 && pieces.count > 4
    return try groups.flatMap { group in
      try layers(of: group, along: axis).map { layer in
        let joined = try concatenated(layer, along: axis, filler: filler)
        let isDense = joined.region.strides[axis] == 1
        return isExtending && isDense
          ? try extended(joined, along: axis, to: extent, filler: filler) : joined
      }
    }
  }

  /// The pieces in as few lists as possible, so that those of one list do not overlap along an axis
  /// and come in order.
  private func layers(of pieces: [Cotangent.Piece], along axis: Int) -> [[Cotangent.Piece]] {
    let order = pieces.indices.sorted {
      pieces[$0].region.starts[axis] < pieces[$1].region.starts[axis]
    }
    let endings = pieces.indices.sorted {
      pieces[$0].region.limits[axis] < pieces[$1].region.limits[axis]
    }
    var layerOfPiece = [Int](repeating: 0, count: pieces.count)
    var layers: [[Cotangent.Piece]] = []
    var ended = 0
    for piece in order {
      if pieces[endings[ended]].region.limits[axis] <= pieces[piece].region.starts[axis] {
        layerOfPiece[piece] = layerOfPiece[endings[ended]]
        layers[layerOfPiece[piece]].append(pieces[piece])
        ended += 1
      } else {
        layerOfPiece[piece] = layers.count
        layers.append([pieces[piece]])
      }
    }
    return layers
  }

  /// One piece made of pieces that follow one another along an axis, with a zero of some sign in the gaps.
  private mutating func concatenated(
    _ layer: [Cotangent.Piece], along axis: Int, filler: Double
  ) throws -> Cotangent.Piece {
    var joined = layer[0]
    if layer.count == 1 { return joined }
    location = joined.location
    var parts: [ValueID] = []
    for piece in layer {
      let gap = piece.region.starts[axis] - joined.region.limits[axis]
      if !parts.isEmpty, gap > 0 {
        var type = self[piece.value]
        type.shape[axis] = gap
        parts.append(try splat(filler, type))
      }
      parts.append(piece.value)
      joined.region.limits[axis] = piece.region.limits[axis]
    }
    joined.value = try emit(.shape(.concatenate(dimension: axis)), parts)
    return joined
  }

  /// A piece with zeros of some sign around it, so that it fills an axis.
  private mutating func extended(
    _ piece: Cotangent.Piece, along axis: Int, to extent: Int, filler: Double
  ) throws -> Cotangent.Piece {
    var whole = piece
    location = piece.location
    whole.value = try padded(
      piece.value, axis: axis, low: piece.region.starts[axis],
      high: extent - piece.region.limits[axis], filler: filler)
    (whole.region.starts[axis], whole.region.limits[axis]) = (0, extent)
    return whole
  }
}
