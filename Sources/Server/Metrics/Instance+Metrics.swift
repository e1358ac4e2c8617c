internal import System

/// The listener for Prometheus.
extension Instance {
    /// Listens for Prometheus as configured by `options`.
    ///
    /// Called at the start, or with the world stopped.
    func openMetrics(_ options: MetricsOptions) throws(Listener.Failure) {
        guard options.port != 0 || metricsDoor != nil else { return }
        let door: MetricsDoor
        if let metricsDoor {
            door = metricsDoor
        } else {
            do throws(SystemError) { door = try MetricsDoor(server: self) } catch {
                throw Listener.Failure(text: error.text)
            }
            door.start()
            metricsDoor = door
        }
        try door.listen(options)
    }

    /// Whether the server has finished loading and is not shutting down.
    var isReady: Bool { loading.isOver && !isStopping }
}
