/// The version of readerd: of its programs, its answers and its package.
public enum ReaderdVersion {
    public static let current = "0.2.0"
}
