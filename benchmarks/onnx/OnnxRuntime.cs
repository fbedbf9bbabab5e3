using System.Runtime.InteropServices;

namespace Ofql.Benchmarks.Onnx;

/// <summary>
/// ONNX Runtime's C interface, as much of it as a policy needs: places in its table of functions (onnxruntime_c_api.h, which only ever grows at
/// its end). One thread, all graph optimisations.
/// </summary>
internal sealed unsafe class OnnxRuntime : IDisposable
{
    // Version 14 of the table came with opset 18.
    private const uint Version = 14;
    private const int Warnings = 2;
    private const int AllOptimizations = 99;
    private readonly void** _api;
    private readonly void* _environment;
    private readonly void* _options;
    private readonly void* _memory;

    public OnnxRuntime(string library)
    {
        var getBase = (delegate* unmanaged<void**>)NativeLibrary.GetExport(NativeLibrary.Load(library), "OrtGetApiBase");
        var start = getBase();
        _api = ((delegate* unmanaged<uint, void**>)start[0])(Version);
        if (_api == null)
            throw new NotSupportedException($"'{library}' is older than ONNX Runtime 1.14, the first that knows opset 18.");
        Name = "ONNX Runtime " + Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<byte*>)start[1])());
        fixed (byte* name = "ofql"u8)
        fixed (void** environment = &_environment)
            Check(((delegate* unmanaged<int, byte*, void**, void*>)_api[Function.CreateEnv])(Warnings, name, environment));
        fixed (void** options = &_options)
            Check(((delegate* unmanaged<void**, void*>)_api[Function.CreateSessionOptions])(options));
        Check(((delegate* unmanaged<void*, int, void*>)_api[Function.SetGraphOptimizationLevel])(_options, AllOptimizations));
        Check(((delegate* unmanaged<void*, int, void*>)_api[Function.SetIntraOpNumThreads])(_options, 1));
        fixed (void** memory = &_memory)
            Check(((delegate* unmanaged<int, int, void**, void*>)_api[Function.CreateCpuMemoryInfo])(1, 0, memory));
    }

    public string Name { get; }

    /// <summary>A session of a model, bound to memory for one size of batch.</summary>
    /// <param name="model">The bytes of the file.</param>
    /// <param name="batch">Rows.</param>
    /// <param name="inputs">Names and columns of the inputs.</param>
    /// <param name="output">Name and columns of the output.</param>
    public Session Open(byte[] model, int batch, (string Name, int Columns)[] inputs, (string Name, int Columns) output)
    {
        void* session;
        fixed (byte* bytes = model)
            Check(((delegate* unmanaged<void*, byte*, nuint, void*, void**, void*>)_api[Function.CreateSessionFromArray])(_environment, bytes, (nuint)model.Length, _options, &session));
        return new Session(this, session, batch, inputs, output);
    }

    public void Dispose()
    {
        Release(Function.ReleaseMemoryInfo, _memory);
        Release(Function.ReleaseSessionOptions, _options);
        Release(Function.ReleaseEnv, _environment);
    }

    private void Release(int function, void* value) => ((delegate* unmanaged<void*, void>)_api[function])(value);

    private void Check(void* status)
    {
        if (status == null)
            return;
        var message = Marshal.PtrToStringUTF8((nint)((delegate* unmanaged<void*, byte*>)_api[Function.GetErrorMessage])(status));
        Release(Function.ReleaseStatus, status);
        throw new InvalidOperationException(message);
    }

    /// <summary>A model ready to run; inputs and output are tensors over memory that stays where it is.</summary>
    internal sealed class Session : IDisposable
    {
        private readonly OnnxRuntime _runtime;
        private readonly void* _session;
        private readonly nint _names;
        private readonly nint _values;
        private readonly int _inputs;

        internal Session(OnnxRuntime runtime, void* session, int batch, (string Name, int Columns)[] inputs, (string Name, int Columns) output)
        {
            _runtime = runtime;
            _session = session;
            _inputs = inputs.Length;
            (string Name, int Columns)[] ports = [.. inputs, output];
            _names = (nint)NativeMemory.Alloc((nuint)(ports.Length * sizeof(nint)));
            _values = (nint)NativeMemory.Alloc((nuint)(ports.Length * sizeof(nint)));
            Memory = new float[ports.Length][];
            var shape = stackalloc long[2];
            for (var i = 0; i < ports.Length; i++)
            {
                (shape[0], shape[1]) = (batch, ports[i].Columns);
                Memory[i] = GC.AllocateArray<float>(batch * ports[i].Columns, pinned: true);
                ((byte**)_names)[i] = (byte*)Marshal.StringToCoTaskMemUTF8(ports[i].Name);
                void* value;
                fixed (float* data = Memory[i])
                {
                    _runtime.Check(((delegate* unmanaged<void*, void*, nuint, long*, nuint, int, void**, void*>)_runtime._api[Function.CreateTensorWithData])(
                        _runtime._memory, data, (nuint)(Memory[i].Length * sizeof(float)), shape, 2, 1, &value));
                }

                ((void**)_values)[i] = value;
            }
        }

        /// <summary>Memory of the inputs, then of the output; row-major.</summary>
        public float[][] Memory { get; }

        public void Run() => _runtime.Check(((delegate* unmanaged<void*, void*, byte**, void**, nuint, byte**, nuint, void**, void*>)_runtime._api[Function.Run])(
            _session, null, (byte**)_names, (void**)_values, (nuint)_inputs, (byte**)_names + _inputs, 1, (void**)_values + _inputs));

        public void Dispose()
        {
            for (var i = 0; i <= _inputs; i++)
            {
                _runtime.Release(Function.ReleaseValue, ((void**)_values)[i]);
                Marshal.FreeCoTaskMem(((nint*)_names)[i]);
            }

            NativeMemory.Free((void*)_names);
            NativeMemory.Free((void*)_values);
            _runtime.Release(Function.ReleaseSession, _session);
        }
    }

    private static class Function
    {
        public const int GetErrorMessage = 2, CreateEnv = 3, CreateSessionFromArray = 8, Run = 9, CreateSessionOptions = 10;
        public const int SetGraphOptimizationLevel = 23, SetIntraOpNumThreads = 24, CreateTensorWithData = 49, CreateCpuMemoryInfo = 69;
        public const int ReleaseEnv = 92, ReleaseStatus = 93, ReleaseMemoryInfo = 94, ReleaseSession = 95, ReleaseValue = 96, ReleaseSessionOptions = 100;
    }
}
