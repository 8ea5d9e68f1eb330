import CNettle

/// SHA-256 (FIPS 180-4) over bytes that arrive in pieces; computed by nettle, which libarchive brings.
public struct SHA256: Sendable {
  private var context = sha256_ctx()

  /// Begins with no bytes.
  public init() { nettle_sha256_init(&context) }

  /// The digest of `bytes`: 32 bytes.
  public static func digest(_ bytes: some Sequence<UInt8>) -> [UInt8] {
    var hash = SHA256()
    hash.update(Array(bytes))
    return hash.finish()
  }

  /// Takes in the next bytes.
  public mutating func update(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { update($0) }
  }

  /// Takes in the next bytes.
  public mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    nettle_sha256_update(&context, bytes.count, base.assumingMemoryBound(to: UInt8.self))
  }

  /// Returns the 32 bytes of the digest and begins anew.
  public mutating func finish() -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
    nettle_sha256_digest(&context, digest.count, &digest)
    return digest
  }
}

/// HMAC-SHA256 (RFC 2104): 32 bytes that only the holder of `key` can compute from `message`.
public func hmacSHA256(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
  var context = hmac_sha256_ctx()
  nettle_hmac_sha256_set_key(&context, key.count, key)
  nettle_hmac_sha256_update(&context, message.count, message)
  var code = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_SIZE))
  nettle_hmac_sha256_digest(&context, code.count, &code)
  return code
}

/// Lower-case hexadecimal.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef")
  return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
