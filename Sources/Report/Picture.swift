/// An RGB picture, 8 bits a channel, rows from top to bottom.
public struct Picture: Sendable, Equatable {
  /// One pixel.
  public struct Colour: Sendable, Equatable {
    /// Red, green and blue, 0…255.
    public var red, green, blue: UInt8

    /// Makes a colour from its three channels.
    public init(_ red: UInt8, _ green: UInt8, _ blue: UInt8) {
      (self.red, self.green, self.blue) = (red, green, blue)
    }

    /// Black.
    public static let black = Colour(0, 0, 0)

    /// This colour with `share` (0…1) of another laid over it.
    public func mixed(with other: Colour, _ share: Double) -> Colour {
      func mix(_ a: UInt8, _ b: UInt8) -> UInt8 {
        UInt8((Double(a) * (1 - share) + Double(b) * share).rounded())
      }
      return Colour(mix(red, other.red), mix(green, other.green), mix(blue, other.blue))
    }
  }

  /// Pixels along a row, and rows.
  public let width, height: Int
  /// The pixels, row by row.
  public var pixels: [Colour]

  /// Makes a picture of one colour.
  public init(width: Int, height: Int, _ colour: Colour = .black) {
    precondition(width > 0 && height > 0, "a picture needs pixels")
    (self.width, self.height) = (width, height)
    pixels = [Colour](repeating: colour, count: width * height)
  }

  /// The pixel at column `x` and row `y`.
  public subscript(x: Int, y: Int) -> Colour {
    get { pixels[y * width + x] }
    set { pixels[y * width + x] = newValue }
  }

  /// Copies another picture into this one, its upper left corner at (`x`, `y`).
  ///
  /// What lies outside is left out.
  public mutating func place(_ other: Picture, x: Int, y: Int) {
    for row in max(0, -y)..<max(max(0, -y), min(other.height, height - y)) {
      for column in max(0, -x)..<max(max(0, -x), min(other.width, width - x)) {
        self[x + column, y + row] = other[column, row]
      }
    }
  }

  /// Pictures side by side, `columns` in a row, with a dark gap between them.
  ///
  /// Tiles are as large as the largest picture. Nil when there is none.
  public static func montage(_ pictures: [Picture], columns: Int, gap: Int = 4) -> Picture? {
    guard let width = pictures.map(\.width).max(), let height = pictures.map(\.height).max(),
      columns > 0
    else { return nil }
    let across = min(columns, pictures.count)
    let down = (pictures.count + across - 1) / across
    var sheet = Picture(
      width: across * width + (across - 1) * gap, height: down * height + (down - 1) * gap,
      Colour(32, 32, 32))
    for (at, picture) in pictures.enumerated() {
      let (column, row) = (at % across, at / across)
      sheet.place(
        picture, x: column * (width + gap) + (width - picture.width) / 2,
        y: row * (height + gap) + (height - picture.height) / 2)
    }
    return sheet
  }
}
