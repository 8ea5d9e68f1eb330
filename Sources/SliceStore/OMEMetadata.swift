import Imaging
import Zarr

/// The words of OME-Zarr 0.5 (https://ngff.openmicroscopy.org/0.5/) for a volume.
///
/// OME-Zarr 0.5 knows scale and translation but no rotation: they approximate the affine, exactly
/// so for the axes of the grid itself; the matrix stands in the attribute `lamina`.
struct OMEMetadata {
  let grid: Grid
  let leading: LeadingAxis

  /// `["t" | "c", "z", "y", "x"]`: also the array's dimension names.
  var axisNames: [String] {
    switch leading {
    case .none: ["z", "y", "x"]
    case .time: ["t", "z", "y", "x"]
    case .channel: ["c", "z", "y", "x"]
    }
  }

  private var axes: [JSON] {
    axisNames.map { name in
      switch name {
      case "t": ["name": "t", "type": "time"]
      case "c": ["name": "c", "type": "channel"]
      default: ["name": .string(name), "type": "space", "unit": "millimeter"]
      }
    }
  }

  /// The group of an image, or of a mask when `label` says so.
  func image(named name: String, labels names: [Int: String]? = nil) -> JSON {
    let lead: [JSON] = leading == .none ? [] : [1.0]
    let spacing = grid.affine.spacing
    let (d, origin) = (grid.affine.direction, grid.affine.origin)
    let scale: [JSON] = [spacing.z, spacing.y, spacing.x].map { .number($0) }
    let shift: [JSON] = [2, 1, 0].map { .number(dot(origin, d[$0])) }
    let none: [JSON] = leading == .none ? [] : [0.0]
    var ome: [String: JSON] = [
      "version": "0.5",
      "multiscales": [
        [
          "name": .string(name), "axes": .array(axes),
          "datasets": [
            [
              "path": "0",
              "coordinateTransformations": [
                ["type": "scale", "scale": .array(lead + scale)],
                ["type": "translation", "translation": .array(none + shift)],
              ],
            ]
          ],
        ]
      ],
    ]
    if let names {
      let properties: [JSON] = names.sorted { $0.key < $1.key }
        .map { ["label-value": .int($0.key), "name": .string($0.value)] }
      var label: [String: JSON] = ["source": ["image": "../../"]]
      if !properties.isEmpty { label["properties"] = .array(properties) }
      ome["image-label"] = .object(label)
    }
    return .object(ome)
  }

  /// The group `labels`.
  static func labels(_ names: [String]) -> JSON {
    ["version": "0.5", "labels": .array(names.map { .string($0) })]
  }
}
