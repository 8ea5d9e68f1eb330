// Contours as a hostile structure set may hold them.
import Imaging

/// Contours on a small oblique grid: short polygons of small numbers, and now and then any double.
///
/// Filling is the same for any order of points and of contours, and filling twice fills nothing.
func fillContours(_ bytes: [UInt8]) {
  var program = Program(bytes)
  let grid = Grid(
    size: SIMD3(16, 12, 5),
    affine: Affine(
      x: SIMD3(0.8, 0.6, 0), y: SIMD3(-0.48, 0.64, 0.6), z: SIMD3(0.9, -1.2, 2),
      origin: SIMD3(-3, 4, -5)))
  var contours: [[SIMD3<Double>]] = []
  while !program.isEmpty, contours.count < 8 {
    let slice = Double(program.choice(7)) - 1
    contours.append(
      (0..<program.choice(40)).map { _ in
        guard program.rarely(64) else {
          let place = SIMD3(coordinate(&program), coordinate(&program), slice)
          return grid.affine(place)
        }
        return SIMD3(anything(&program), anything(&program), anything(&program))
      })
  }
  guard let mask = try? StructureMask(filling: contours, on: grid, limit: 1_000_000) else { return }
  precondition((1...grid.count).contains(mask.count), "voxels that are none, or too many")
  let reversed = contours.reversed().map { Array($0.reversed()) }
  guard let again = try? StructureMask(filling: reversed, on: grid, limit: 1_000_000) else {
    preconditionFailure("contours that fill only in one order")
  }
  precondition(again == mask, "the order of points changes the filling")
  let twice = try? StructureMask(filling: contours + contours, on: grid, limit: 2_000_000)
  precondition(twice == nil, "filling twice leaves voxels")
}

private func coordinate(_ program: inout Program) -> Double {
  Double(Int8(bitPattern: program.byte())) / 4
}

private func anything(_ program: inout Program) -> Double {
  Double(bitPattern: UInt64(program.number()) << 32 | UInt64(program.number()))
}
